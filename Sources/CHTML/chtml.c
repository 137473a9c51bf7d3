// Finds libxml2's HTML parser at run time and turns its events into ours.
#include "CHTML.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

// What is used of libxml2's binary interface, after its public headers parser.h and HTMLparser.h, so that its
// development files are not needed to build.
typedef unsigned char xmlChar;

typedef struct {
  void *beforeElements[14];
  void (*startElement)(void *context, const xmlChar *name, const xmlChar **attributes);
  void (*endElement)(void *context, const xmlChar *name);
  void *reference;
  void (*characters)(void *context, const xmlChar *bytes, int count);
  void (*ignorableWhitespace)(void *context, const xmlChar *bytes, int count);
  void *beforeCData[6];
  void (*cdataBlock)(void *context, const xmlChar *bytes, int count);
  void *externalSubset;
  unsigned int initialized;
  void *private_;
  void *namespaces[2];
  void *serror;
} xmlSAXHandler;

enum { XML_CHAR_ENCODING_UTF8 = 1 };
enum {
  HTML_PARSE_RECOVER = 1 << 0,
  HTML_PARSE_NOERROR = 1 << 5,
  HTML_PARSE_NOWARNING = 1 << 6,
  HTML_PARSE_NONET = 1 << 11,
  // The bytes are UTF-8, whatever a page says of those that it came as.
  HTML_PARSE_IGNORE_ENC = 1 << 21
};

static struct {
  void *(*htmlCreatePushParserCtxt)(
      xmlSAXHandler *handler, void *context, const char *chunk, int size, const char *name,
      int encoding);
  int (*htmlCtxtUseOptions)(void *parser, int options);
  int (*htmlParseChunk)(void *parser, const char *chunk, int size, int isLast);
  void (*htmlFreeParserCtxt)(void *parser);
  void (*xmlStopParser)(void *parser);
} libxml;

#ifdef __APPLE__
static const char *const libraries[] = {"/usr/lib/libxml2.2.dylib"};
#else
static const char *const libraries[] = {"libxml2.so.2", "libxml2.so.16"};
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *problem;

static void load(void) {
  void *library = NULL;
  for (size_t i = 0; !library && i < sizeof libraries / sizeof *libraries; i++)
    library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    problem = "the system has no libxml2; install it (Debian and Ubuntu: libxml2)";
    return;
  }
#define FIND(name)                                                                                 \
  if (!(libxml.name = (__typeof__(libxml.name))dlsym(library, #name))) {                           \
    problem = "the system's libxml2 has no " #name;                                                \
    return;                                                                                        \
  }
  FIND(htmlCreatePushParserCtxt)
  FIND(htmlCtxtUseOptions)
  FIND(htmlParseChunk)
  FIND(htmlFreeParserCtxt)
  FIND(xmlStopParser)
}

const char *chtml_load(void) {
  pthread_once(&once, load);
  return problem;
}

typedef struct {
  const chtml_events *events;
  void *context;
  void *parser;
  bool isStopped;
} target;

static void start(void *context, const xmlChar *name, const xmlChar **attributes) {
  target *t = context;
  if (t->isStopped) return;
  if (t->events->start(t->context, (const char *)name, (const char *const *)attributes)) return;
  t->isStopped = true;
  libxml.xmlStopParser(t->parser);
}

static void end(void *context, const xmlChar *name) {
  target *t = context;
  if (!t->isStopped) t->events->end(t->context, (const char *)name);
}

static void text(void *context, const xmlChar *bytes, int count) {
  target *t = context;
  if (!t->isStopped) t->events->text(t->context, (const char *)bytes, count);
}

bool chtml_parse(const char *bytes, size_t count, const chtml_events *events, void *context) {
  if (count > INT_MAX) return false;
  target t = {events, context, NULL, false};
  xmlSAXHandler handler;
  memset(&handler, 0, sizeof handler);
  handler.startElement = start;
  handler.endElement = end;
  handler.characters = text;
  handler.ignorableWhitespace = text;
  handler.cdataBlock = text;
  void *parser =
      libxml.htmlCreatePushParserCtxt(&handler, &t, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
  if (!parser) return false;
  t.parser = parser;
  libxml.htmlCtxtUseOptions(
      parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
                  HTML_PARSE_IGNORE_ENC);
  // In one piece: a character must not lie on the border of two.
  libxml.htmlParseChunk(parser, bytes, (int)count, 1);
  libxml.htmlFreeParserCtxt(parser);
  return true;
}
