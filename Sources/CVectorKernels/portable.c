// The portable kernels, and the reference for every later variant: plain C, whose fixed number of
// partial sums lets a compiler vectorise it without being allowed to reorder additions.
// The contracts stand in the header.

#include "variants.h"

#include <stdint.h>
#include <string.h>

#ifdef __FAST_MATH__
#error "The order of these sums is part of their contract: compile without -ffast-math."
#endif

#pragma STDC FP_CONTRACT OFF

// Folds the partial sums by halves: the order that vector registers fold in.
static double fold(double sums[VK_LANES]) {
  for (size_t half = VK_LANES / 2; half > 0; half /= 2) {
    for (size_t lane = 0; lane < half; lane++) sums[lane] += sums[lane + half];
  }
  return sums[0];
}

double vk_dot_f64_portable(const float *a, const float *b, size_t count) {
  double sums[VK_LANES] = {0};
  size_t i = 0;
  for (; i + VK_LANES <= count; i += VK_LANES) {
    for (size_t lane = 0; lane < VK_LANES; lane++) {
      sums[lane] += (double)a[i + lane] * (double)b[i + lane];
    }
  }
  for (size_t lane = 0; i + lane < count; lane++) {
    sums[lane] += (double)a[i + lane] * (double)b[i + lane];
  }
  return fold(sums);
}

size_t vk_first_non_finite(const float *a, size_t count) {
  const uint32_t exponent = 0x7f800000u;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &a[i], sizeof bits);
    if ((bits & exponent) == exponent) return i;
  }
  return count;
}
