// The functions of libcurl that the client uses. The library is loaded by ccurl_load, not when the
// process starts: libcurl brings some thirty libraries along, and a process that sends nothing should
// neither wait for them nor need them.
//
// Swift cannot call functions with variable arguments: each kind of argument has a function here.
#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

typedef size_t (*ccurl_callback)(char *bytes, size_t size, size_t count, void *context);

// Loads libcurl once. Returns NULL if it is there, else the reason in words. Call it before all others.
const char *ccurl_load(void);

CURLcode ccurl_global_init(void);
const char *ccurl_easy_strerror(CURLcode code);
const char *ccurl_multi_strerror(CURLMcode code);

struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *text);
void ccurl_slist_free_all(struct curl_slist *list);

CURL *ccurl_easy_init(void);
void ccurl_easy_cleanup(CURL *easy);
CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value);
CURLcode ccurl_set_size(CURL *easy, CURLoption option, curl_off_t value);
CURLcode ccurl_set_text(CURL *easy, CURLoption option, const char *value);
CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value);
CURLcode ccurl_set_callback(CURL *easy, CURLoption option, ccurl_callback value);
CURLcode ccurl_set_connect_callback(CURL *easy, curl_sockopt_callback value);
CURLcode ccurl_allow_http_only(CURL *easy);
long ccurl_long(CURL *easy, CURLINFO info);

// A body that is read once: if a kept connection turns out to be closed, libcurl would send the
// request again by itself, and it fails instead if it cannot rewind the body.
CURLcode ccurl_forbid_resending(CURL *easy);

// Else a transfer that is ended while its host is being looked up is held up until that is done.
CURLcode ccurl_end_without_waiting(CURL *easy);

CURLM *ccurl_multi_init(void);
CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value);
CURLMcode ccurl_multi_add_handle(CURLM *multi, CURL *easy);
CURLMcode ccurl_multi_remove_handle(CURLM *multi, CURL *easy);
CURLMcode ccurl_multi_perform(CURLM *multi, int *running);
CURLMcode ccurl_multi_poll(CURLM *multi, int milliseconds);
CURLMcode ccurl_multi_wakeup(CURLM *multi);
CURLMsg *ccurl_multi_info_read(CURLM *multi, int *left);
