// Chooses the variant of the kernels that runs, once.

#include "variants.h"

#include <string.h>

static const vk_table portable = {
    "portable",         vk_dot_f64_portable,       vk_rotate_portable,
    vk_encode_portable, vk_quantize_query_portable, vk_scan_portable,
    vk_select_portable, vk_fine_dots_portable,
};

static const vk_table *table(void) { return &portable; }

const char *vk_variant(void) { return table()->name; }

int vk_choose_variant(const char *name) { return strcmp(name, portable.name) == 0; }

double vk_dot_f64(const float *a, const float *b, size_t count) {
  return table()->dot_f64(a, b, count);
}

double vk_sum_of_squares_f64(const float *a, size_t count) {
  return table()->dot_f64(a, a, count);
}

void vk_rotate(float *x, size_t p, const uint64_t *signs, size_t rounds) {
  table()->rotate(x, p, signs, rounds);
}

void vk_encode(const float *y, size_t p, uint64_t *bits, uint8_t *fine, vk_encoded *out) {
  table()->encode(y, p, bits, fine, out);
}

void vk_quantize_query(
    const float *q, size_t p, uint64_t *planes, int8_t *bytes, vk_quantized *out) {
  table()->quantize_query(q, p, planes, bytes, out);
}

void vk_scan(
    const uint64_t *codes, size_t words, size_t blocks, const uint64_t *planes,
    const uint8_t *mask, int32_t *sums) {
  table()->scan(codes, words, blocks, planes, mask, sums);
}

size_t vk_select(
    const int32_t *sums, const float *base, const float *scale, const float *error, size_t rows,
    const uint8_t *mask, const vk_selection *selection, uint32_t *index, float *estimate,
    float *half_width) {
  return table()->select(
      sums, base, scale, error, rows, mask, selection, index, estimate, half_width);
}

void vk_fine_dots(
    const uint8_t *fine, size_t p, const uint32_t *rows, size_t count, const int8_t *bytes,
    int32_t *sums) {
  table()->fine_dots(fine, p, rows, count, bytes, sums);
}
