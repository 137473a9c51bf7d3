// The kernels that have variants, as a table of functions, and the portable ones. Included by the
// files of this target only; dispatch.c chooses a table.

#ifndef VK_VARIANTS_H
#define VK_VARIANTS_H

#include "CVectorKernels.h"

typedef struct {
  const char *name;
  double (*dot_f64)(const float *, const float *, size_t);
  void (*rotate)(float *, size_t, const uint64_t *, size_t);
  void (*encode)(const float *, size_t, uint64_t *, uint8_t *, vk_encoded *);
  void (*quantize_query)(const float *, size_t, uint64_t *, int8_t *, vk_quantized *);
  void (*scan)(
      const uint64_t *, size_t, size_t, const uint64_t *, const uint8_t *, int32_t *);
  size_t (*select)(
      const int32_t *, const float *, const float *, const float *, size_t, const uint8_t *,
      const vk_selection *, uint32_t *, float *, float *);
  void (*fine_dots)(
      const uint8_t *, size_t, const uint32_t *, size_t, const int8_t *, int32_t *);
} vk_table;

double vk_dot_f64_portable(const float *, const float *, size_t);
void vk_rotate_portable(float *, size_t, const uint64_t *, size_t);
void vk_encode_portable(const float *, size_t, uint64_t *, uint8_t *, vk_encoded *);
void vk_quantize_query_portable(const float *, size_t, uint64_t *, int8_t *, vk_quantized *);
void vk_scan_portable(
    const uint64_t *, size_t, size_t, const uint64_t *, const uint8_t *, int32_t *);
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

/// Turns the planes of u_i from two's complement into sign and magnitude, for the scans: 3 planes
/// to count in place of 4. The sum of u_i over the set bits of a code is the sum of |u_i| over the
/// bits of code ^ sign, less `negative`, the sum of |u_i| over the negative u_i.
///
/// `split` gets the sign and the 3 bits of |u_i|, in this order, at `split[w * 4]` for word w.
/// Returns 0 where a u_i is -8 (vk_quantize_query gives none): its magnitude does not fit.
int vk_split_planes(const uint64_t *planes, size_t words, uint64_t *split, int32_t *negative);

// Rows of fine codes whose sums are taken together, so that the query's bytes are loaded once for
// them.
#define FINE_ROWS 4

// How many rows ahead fine codes are fetched, and into the second cache: more lines can be on their
// way to it than to the first. (Out of 77 MB that took 30 ns a row on Zen 4; into the first cache,
// 60.)
#define FINE_AHEAD 12

#endif
