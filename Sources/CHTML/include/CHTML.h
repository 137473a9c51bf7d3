// The HTML parser of libxml2, as events. The library is loaded by chtml_load, not when the process starts:
// it brings the tables of ICU along, and a process that reads no HTML should not wait for them.
#include <stdbool.h>
#include <stddef.h>

typedef struct {
  // An element begins; attributes are names and values in turn up to a NULL, or NULL if there are none. A
  // value may be NULL. Returns false to hear no more of the page.
  bool (*start)(void *context, const char *name, const char *const *attributes);
  void (*end)(void *context, const char *name);
  void (*text)(void *context, const char *bytes, int count);
} chtml_events;

// Loads libxml2 once. Returns NULL if it is there, else the reason in words. Call it before chtml_parse.
const char *chtml_load(void);

// Parses UTF-8 as browsers do, whatever is wrong with it. Returns false if memory runs out, or if they
// are 2 GB or more.
bool chtml_parse(const char *bytes, size_t count, const chtml_events *events, void *context);
