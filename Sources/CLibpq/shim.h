// libpq, PostgreSQL's C client, for Sources/VectorStorePostgres, and what differs between its versions.
#include <libpq-fe.h>
#include <stdlib.h>

#ifndef LIBPQ_HAS_PIPELINING
#error "libpq 14 or newer is needed (Debian and Ubuntu: libpq-dev)"
#endif

// From libpq 17 on, several rows come in one result.
static inline int clibpq_stream_rows(PGconn *connection, int rows) {
#ifdef LIBPQ_HAS_CHUNK_MODE
  return PQsetChunkedRowsMode(connection, rows);
#else
  (void)rows;
  return PQsetSingleRowMode(connection);
#endif
}

static inline int clibpq_is_row_result(ExecStatusType status) {
#ifdef LIBPQ_HAS_CHUNK_MODE
  if (status == PGRES_TUPLES_CHUNK) return 1;
#endif
  return status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK;
}

// What cancels a connection's statement from another thread. From libpq 17 on the request is encrypted if
// the connection is; one request at a time then.
static inline void *clibpq_cancel_create(PGconn *connection) {
#ifdef LIBPQ_HAS_ASYNC_CANCEL
  return PQcancelCreate(connection);
#else
  return PQgetCancel(connection);
#endif
}

// Waits until the server has taken the request. Returns whether it has.
static inline int clibpq_cancel_send(void *request) {
#ifdef LIBPQ_HAS_ASYNC_CANCEL
  int was_sent = PQcancelBlocking((PGcancelConn *)request);
  PQcancelReset((PGcancelConn *)request);
  return was_sent;
#else
  char reason[256];
  return PQcancel((PGcancel *)request, reason, sizeof reason);
#endif
}

static inline void clibpq_cancel_free(void *request) {
#ifdef LIBPQ_HAS_ASYNC_CANCEL
  PQcancelFinish((PGcancelConn *)request);
#else
  PQfreeCancel((PGcancel *)request);
#endif
}
