// Chooses the variant of the kernels that runs, once.

#include "variants.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const vk_table portable = {
    "portable",         vk_dot_f64_portable,       vk_rotate_portable,
    vk_encode_portable, vk_quantize_query_portable, vk_scan_portable,
    vk_select_portable, vk_fine_dots_portable,   &vk_encoder_portable,
};

static const vk_table *portable_table(void) { return &portable; }

// Best first.
static const vk_table *(*const variants[])(void) = {
    vk_avx512_table, vk_avx2_table, vk_neon_table, portable_table,
};

// The one called `name`, or the best one where `name` is null; null where there is none.
static const vk_table *find(const char *name) {
  for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
    const vk_table *table = variants[i]();
    if (table && (!name || strcmp(name, table->name) == 0)) return table;
  }
  return NULL;
}

// The tables are constants, so their address is all that threads exchange: no order is needed.
// Threads that come here first together all find the same.
static _Atomic(const vk_table *) chosen;

static const vk_table *choose(void) {
  const char *name = getenv("VECTOR_STORE_KERNELS");
  const vk_table *named = name ? find(name) : NULL;
  const vk_table *table = named ? named : find(NULL);
  atomic_store_explicit(&chosen, table, memory_order_relaxed);
  return table;
}

static inline const vk_table *table(void) {
  const vk_table *table = atomic_load_explicit(&chosen, memory_order_relaxed);
  return table ? table : choose();
}

const char *vk_variant(void) { return table()->name; }

int vk_choose_variant(const char *name) {
  const vk_table *named = find(name ? name : "");
  if (named) atomic_store_explicit(&chosen, named, memory_order_relaxed);
  return named != NULL;
}

double vk_dot_f64(const float *a, const float *b, size_t count) {
  return table()->dot_f64(a, b, count);
}

double vk_sum_of_squares_f64(const float *a, size_t count) {
  return table()->dot_f64(a, a, count);
}

void vk_rotate(float *x, size_t p, const uint64_t *signs, size_t rounds) {
  table()->rotate(x, p, signs, rounds);
}

void vk_encode(const float *y, size_t p, uint8_t *bits, uint8_t *fine, vk_encoded *out) {
  table()->encode(y, p, bits, fine, out);
}

void vk_quantize_query(
    const float *q, size_t p, int8_t *levels, int8_t *bytes, vk_quantized *out) {
  table()->quantize_query(q, p, levels, bytes, out);
}

void vk_scan(
    const uint8_t *codes, size_t p, size_t rows, const int8_t *levels, const uint8_t *mask,
    int32_t *sums) {
  table()->scan(codes, p, rows, levels, mask, sums);
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

void vk_linear(
    const float *x, size_t x_stride, size_t rows, const float *w, const float *bias, size_t inputs,
    size_t outputs, float *y, size_t y_stride) {
  table()->encoder->linear(x, x_stride, rows, w, bias, inputs, outputs, y, y_stride);
}

void vk_combine(
    const float *p, size_t p_stride, size_t rows, size_t inner, const float *v, size_t v_stride,
    size_t columns, float *y, size_t y_stride) {
  table()->encoder->combine(p, p_stride, rows, inner, v, v_stride, columns, y, y_stride);
}

void vk_softmax(float *x, size_t stride, size_t rows, size_t count, float scale) {
  table()->encoder->softmax(x, stride, rows, count, scale);
}

void vk_gelu(float *x, size_t count) { table()->encoder->gelu(x, count); }

void vk_add_norm(
    float *x, const float *residual, size_t rows, size_t columns, const float *gain,
    const float *shift, float epsilon) {
  table()->encoder->add_norm(x, residual, rows, columns, gain, shift, epsilon);
}

void vk_add_scaled(float *y, const float *x, float scale, size_t count) {
  table()->encoder->add_scaled(y, x, scale, count);
}
