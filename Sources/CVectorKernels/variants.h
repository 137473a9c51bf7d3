// The kernels that have variants, as a table of functions, and the portable ones. Included by the
// files of this target only; dispatch.c chooses a table.

#ifndef VK_VARIANTS_H
#define VK_VARIANTS_H

#include "CVectorKernels.h"

// The kernels of local models, compiled for one instruction set by encoder.c.
typedef struct {
  void (*linear)(
      const float *, size_t, size_t, const float *, const float *, size_t, size_t, float *, size_t);
  void (*combine)(
      const float *, size_t, size_t, size_t, const float *, size_t, size_t, float *, size_t);
  void (*softmax)(float *, size_t, size_t, size_t, float);
  void (*gelu)(float *, size_t);
  void (*add_norm)(
      float *, const float *, size_t, size_t, const float *, const float *, float);
  void (*add_scaled)(float *, const float *, float, size_t);
} vk_encoder;

extern const vk_encoder vk_encoder_avx512, vk_encoder_avx2, vk_encoder_portable;

typedef struct {
  const char *name;
  double (*dot_f64)(const float *, const float *, size_t);
  void (*rotate)(float *, size_t, const uint64_t *, size_t);
  void (*encode)(const float *, size_t, uint8_t *, uint8_t *, vk_encoded *);
  void (*quantize_query)(const float *, size_t, int8_t *, int8_t *, vk_quantized *);
  void (*scan)(const uint8_t *, size_t, size_t, const int8_t *, const uint8_t *, int32_t *);
  size_t (*select)(
      const int32_t *, const float *, const float *, const float *, size_t, const uint8_t *,
      const vk_selection *, uint32_t *, float *, float *);
  void (*fine_dots)(
      const uint8_t *, size_t, const uint32_t *, size_t, const int8_t *, int32_t *);
  const vk_encoder *encoder;
} vk_table;

double vk_dot_f64_portable(const float *, const float *, size_t);
void vk_rotate_portable(float *, size_t, const uint64_t *, size_t);
void vk_encode_portable(const float *, size_t, uint8_t *, uint8_t *, vk_encoded *);
void vk_quantize_query_portable(const float *, size_t, int8_t *, int8_t *, vk_quantized *);
void vk_scan_portable(
    const uint8_t *, size_t, size_t, const int8_t *, const uint8_t *, int32_t *);
size_t vk_select_portable(
    const int32_t *, const float *, const float *, const float *, size_t, const uint8_t *,
    const vk_selection *, uint32_t *, float *, float *);
void vk_fine_dots_portable(
    const uint8_t *, size_t, const uint32_t *, size_t, const int8_t *, int32_t *);

double vk_dot_f64_avx2(const float *, const float *, size_t);

// The variants for one instruction set: null where this build or this processor lacks it.
const vk_table *vk_avx512_table(void);
const vk_table *vk_avx2_table(void);
const vk_table *vk_neon_table(void);

// The first tile from `tile` on that a scan of `rows` rows has to look at, or how many tiles there are
// where it has no more to do.
static inline size_t vk_next_tile(const uint8_t *mask, size_t tile, size_t rows) {
  const size_t tiles = (rows + VK_TILE - 1) / VK_TILE, bytes = (rows + 7) / 8;
  for (; mask && tile < tiles; tile++) {
    const size_t first = tile * VK_TILE / 8;
    for (size_t i = first; i < bytes && i < first + VK_TILE / 8; i++) {
      if (mask[i]) return tile;
    }
  }
  return tile < tiles ? tile : tiles;
}

// The sums for every value of half a byte of a code: entry `bits` of table `i / 4` is the sum of u_i
// over the set bits of components i to i + 3, plus the sum of |u_i| over the negative ones among them,
// so that it is 0 to 28. `tables` gets 16 bytes each. Returns what has been added in all tables.
int32_t vk_half_byte_tables(const int8_t *levels, size_t p, uint8_t *tables);
#define HALF_BYTE_TABLES (VK_PART / 4 * 16)

// Rows of fine codes whose sums are taken together, so that the query's bytes are loaded once for
// them.
#define FINE_ROWS 4

// How many rows ahead fine codes are fetched, and into the second cache: more lines can be on their
// way to it than to the first. (Out of 77 MB that took 30 ns a row on Zen 4; into the first cache,
// 60.)
#define FINE_AHEAD 12

#endif
