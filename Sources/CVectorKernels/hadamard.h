// The passes of vk_rotate over memory, for one instruction set: included by the variants, which define
// the type VEC of VEC_LANES floats, VEC_TARGET, and the operations VEC_LOAD, VEC_STORE, VEC_ADD, VEC_SUB,
// VEC_MUL and VEC_ALL first, and a first_pass for 64 neighbours. The same operations on the same numbers
// as vk_rotate_portable, in passes that keep up to 8 vectors in registers for 3 stages.

#pragma STDC FP_CONTRACT OFF

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
