// Finds libcurl's functions at run time and calls them.
#include "CCurl.h"

#include <dlfcn.h>
#include <pthread.h>

// curl.h may define these as macros that check their arguments' types.
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

#define FUNCTIONS(F)                                                                               \
  F(curl_global_init) F(curl_easy_strerror) F(curl_multi_strerror)                                 \
  F(curl_slist_append) F(curl_slist_free_all)                                                      \
  F(curl_easy_init) F(curl_easy_cleanup) F(curl_easy_setopt) F(curl_easy_getinfo)                  \
  F(curl_multi_init) F(curl_multi_setopt) F(curl_multi_add_handle) F(curl_multi_remove_handle)     \
  F(curl_multi_perform) F(curl_multi_poll) F(curl_multi_wakeup) F(curl_multi_info_read)

#define DECLARE(name) __typeof__(&name) name;
static struct {
  FUNCTIONS(DECLARE)
} libcurl;

#ifdef __APPLE__
#define LIBRARY "/usr/lib/libcurl.4.dylib"
#else
#define LIBRARY "libcurl.so.4"
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *problem;

static void load(void) {
  // Debian's libcurl is built with OpenSSL or with GnuTLS; either serves.
  void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
#ifndef __APPLE__
  if (!library) library = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
#endif
  if (!library) {
    problem = "the system has no libcurl (" LIBRARY "); install it (Debian and Ubuntu: libcurl4)";
    return;
  }
#define FIND(name)                                                                                 \
  if (!(libcurl.name = (__typeof__(&name))dlsym(library, #name))) {                                \
    problem = "the system's libcurl has no " #name "; install version 7.68 or newer";              \
    return;                                                                                        \
  }
  FUNCTIONS(FIND)
}

const char *ccurl_load(void) {
  pthread_once(&once, load);
  return problem;
}

CURLcode ccurl_global_init(void) { return libcurl.curl_global_init(CURL_GLOBAL_DEFAULT); }

const char *ccurl_easy_strerror(CURLcode code) { return libcurl.curl_easy_strerror(code); }

const char *ccurl_multi_strerror(CURLMcode code) { return libcurl.curl_multi_strerror(code); }

struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *text) {
  return libcurl.curl_slist_append(list, text);
}

void ccurl_slist_free_all(struct curl_slist *list) {
  if (list) libcurl.curl_slist_free_all(list);
}

CURL *ccurl_easy_init(void) { return libcurl.curl_easy_init(); }

void ccurl_easy_cleanup(CURL *easy) { libcurl.curl_easy_cleanup(easy); }

CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
  return libcurl.curl_easy_setopt(easy, option, value);
}

CURLcode ccurl_set_size(CURL *easy, CURLoption option, curl_off_t value) {
  return libcurl.curl_easy_setopt(easy, option, value);
}

CURLcode ccurl_set_text(CURL *easy, CURLoption option, const char *value) {
  return libcurl.curl_easy_setopt(easy, option, value);
}

CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value) {
  return libcurl.curl_easy_setopt(easy, option, value);
}

CURLcode ccurl_set_callback(CURL *easy, CURLoption option, ccurl_callback value) {
  return libcurl.curl_easy_setopt(easy, option, value);
}

CURLcode ccurl_set_connect_callback(CURL *easy, curl_sockopt_callback value) {
  return libcurl.curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, value);
}

CURLcode ccurl_allow_http_only(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  return libcurl.curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  return libcurl.curl_easy_setopt(
    easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

long ccurl_long(CURL *easy, CURLINFO info) {
  long value = 0;
  libcurl.curl_easy_getinfo(easy, info, &value);
  return value;
}

static int cannot_seek(void *context, curl_off_t offset, int origin) {
  (void)context, (void)offset, (void)origin;
  return CURL_SEEKFUNC_FAIL;
}

CURLcode ccurl_forbid_resending(CURL *easy) {
  return libcurl.curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, cannot_seek);
}

CURLcode ccurl_end_without_waiting(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075700
  return libcurl.curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#else
  (void)easy;
  return CURLE_OK;
#endif
}

CURLM *ccurl_multi_init(void) { return libcurl.curl_multi_init(); }

CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return libcurl.curl_multi_setopt(multi, option, value);
}

CURLMcode ccurl_multi_add_handle(CURLM *multi, CURL *easy) {
  return libcurl.curl_multi_add_handle(multi, easy);
}

CURLMcode ccurl_multi_remove_handle(CURLM *multi, CURL *easy) {
  return libcurl.curl_multi_remove_handle(multi, easy);
}

CURLMcode ccurl_multi_perform(CURLM *multi, int *running) {
  return libcurl.curl_multi_perform(multi, running);
}

CURLMcode ccurl_multi_poll(CURLM *multi, int milliseconds) {
  return libcurl.curl_multi_poll(multi, NULL, 0, milliseconds, NULL);
}

CURLMcode ccurl_multi_wakeup(CURLM *multi) { return libcurl.curl_multi_wakeup(multi); }

CURLMsg *ccurl_multi_info_read(CURLM *multi, int *left) {
  return libcurl.curl_multi_info_read(multi, left);
}
