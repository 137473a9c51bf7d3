// SHA-256 (FIPS 180-4), called by Sources/VectorStoreEmbedding/SHA256.swift only.

#ifndef CSHA256_H
#define CSHA256_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A hash in the making. Its fields are the implementation's.
typedef struct {
  uint32_t state[8];
  uint64_t length;
  uint8_t block[64];
  void (*compress)(uint32_t state[8], const uint8_t *blocks, size_t count);
} sha256_hash;

/// Begins a hash: by the processor's SHA instructions if it has them, else as below.
void sha256_start(sha256_hash *hash);

/// Begins a hash in portable C. The tests hold the instructions to it.
void sha256_start_portable(sha256_hash *hash);

/// Adds bytes. `bytes` may be null if `count` is 0.
void sha256_add(sha256_hash *hash, const void *bytes, size_t count);

/// Ends the hash; `digest` takes its 32 bytes.
void sha256_finish(sha256_hash *hash, uint8_t *digest);

#ifdef __cplusplus
}
#endif

#endif
