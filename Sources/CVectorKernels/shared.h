// What the variants have in common: the parts of the kernels around their inner loops, compiled for
// one instruction set. Included at the end of a variant, which first defines VEC_TARGET; the type
// VEC of VEC_LANES floats and VEC_LOAD, VEC_STORE, VEC_ADD, VEC_SUB, VEC_MUL, VEC_ALL on it; and
// the functions first_pass, measure, quantize4, quantize8, make_tables (TABLE_BYTES for one part),
// scan_tile and fine_group.

#pragma STDC FP_CONTRACT OFF

// ---- Rotation: the same operations on the same numbers as vk_rotate_portable, in passes that keep
// up to 8 vectors in registers for 3 stages.

VEC_TARGET static inline void butterfly(VEC *a, VEC *b) {
  const VEC sum = VEC_ADD(*a, *b);
  *b = VEC_SUB(*a, *b);
  *a = sum;
}

// The stages of 2, 4 or 8 (`radix`) vectors that are `stride` floats apart.
VEC_TARGET static inline __attribute__((always_inline)) void stages(
    float *x, size_t stride, const size_t radix) {
  for (size_t i = 0; i < stride; i += VEC_LANES) {
    VEC v[8];
    for (size_t k = 0; k < radix; k++) v[k] = VEC_LOAD(x + i + k * stride);
    for (size_t half = 1; half < radix; half *= 2) {
      for (size_t k = 0; k < radix; k++) {
        if ((k & half) == 0) butterfly(&v[k], &v[k + half]);
      }
    }
    for (size_t k = 0; k < radix; k++) VEC_STORE(x + i + k * stride, v[k]);
  }
}

// The stages of a Walsh-Hadamard transform beyond the first 6, which have been done.
VEC_TARGET static void later_passes(float *x, size_t length) {
  for (size_t stride = 64; stride < length;) {
    const size_t left = length / stride, radix = left < 8 ? left : 8;
    for (size_t start = 0; start < length; start += stride * radix) {
      if (radix == 8) {
        stages(x + start, stride, 8);
      } else if (radix == 4) {
        stages(x + start, stride, 4);
      } else {
        stages(x + start, stride, 2);
      }
    }
    stride *= radix;
  }
}

// The Householder reflection across the blocks.
VEC_TARGET static void reflect_blocks(float *x, size_t length, size_t blocks) {
  const VEC factor = VEC_ALL(2.0f / (float)blocks);
  for (size_t j = 0; j < length; j += VEC_LANES) {
    VEC sum = VEC_LOAD(x + j);
    for (size_t b = 1; b < blocks; b++) sum = VEC_ADD(sum, VEC_LOAD(x + b * length + j));
    const VEC part = VEC_MUL(factor, sum);
    for (size_t b = 0; b < blocks; b++) {
      float *at = x + b * length + j;
      VEC_STORE(at, VEC_SUB(VEC_LOAD(at), part));
    }
  }
}

VEC_TARGET static void rotate(float *x, size_t p, const uint64_t *signs, size_t rounds) {
  const size_t length = p & (~p + 1), blocks = p / length;
  const float scale = 1.0f / sqrtf((float)length);
  for (size_t round = 0; round < rounds; round++, signs += p / 64) {
    for (size_t w = 0; w < p / 64; w++) first_pass(x + w * 64, signs[w], scale);
    for (size_t b = 0; b < blocks; b++) later_passes(x + b * length, length);
    if (blocks > 1) reflect_blocks(x, length, blocks);
  }
}

// ---- Queries

VEC_TARGET static void quantize_query(
    const float *q, size_t p, int8_t *levels, int8_t *bytes, vk_quantized *out) {
  float largest, dot, u_squares;
  const float squares = measure(q, p, &largest);
  if (!(squares > 0)) {
    memset(levels, 0, p);
    memset(bytes, 0, p);
    memset(out, 0, sizeof *out);
    return;
  }
  out->norm = sqrtf(squares);
  const float step4 = 0.352f * out->norm / sqrtf((float)p);
  quantize4(q, p, 1.0f / step4, levels, &dot, &u_squares, &out->sum4);
  const float scale = dot > 0 ? squares / dot : step4;
  const float error4 = squares - 2 * scale * dot + scale * scale * u_squares;
  out->scale4 = scale;
  out->error4 = sqrtf(error4 > 0 ? error4 : 0);
  out->scale8 = largest / 127.0f;
  out->error8 = sqrtf(quantize8(q, p, out->scale8, bytes, &out->sum8));
}

// ---- Scan

#define SCAN VEC_TARGET static void scan
#include "scan.h"

// ---- Fine codes

VEC_TARGET static void fine_dots(
    const uint8_t *fine, size_t p, const uint32_t *rows, size_t count, const int8_t *bytes,
    int32_t *sums) {
  const size_t half = p / 2;
  for (size_t n = 0; n < count;) {
    const size_t group = count - n < FINE_ROWS ? 1 : FINE_ROWS;
    const uint8_t *at[FINE_ROWS], *ahead[FINE_ROWS];
    for (size_t r = 0; r < group; r++) {
      const size_t next = count - (n + r) > FINE_AHEAD ? n + r + FINE_AHEAD : n + r;
      at[r] = fine + (size_t)rows[n + r] * half;
      ahead[r] = fine + (size_t)rows[next] * half;
    }
    if (group == 1) {
      fine_group(at, ahead, 1, half, bytes, sums + n);
    } else {
      fine_group(at, ahead, FINE_ROWS, half, bytes, sums + n);
    }
    n += group;
  }
}
