// Kernels over float32 vectors, called by Sources/VectorStoreSearch/Kernels.swift only. They call
// nothing, allocate nothing and keep no state. Portable C here; variants for one instruction set
// go into files of their own beside it and must give the same bits as the portable ones.

#ifndef CVECTORKERNELS_H
#define CVECTORKERNELS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The number of partial sums that `vk_dot_f64` and `vk_sum_of_squares_f64` keep.
#define VK_LANES 16

/// The dot product of two float32 vectors of `count` components, summed in double precision.
///
/// The order of summation is fixed, so that every machine and every variant gives the same bits:
/// component `i` goes into partial sum `i % VK_LANES`, in rising order of `i`; then partial sum `l`
/// takes `l + 8` for each `l < 8`, then `l + 4` for `l < 4`, `l + 2` for `l < 2`, and `1` into `0`.
/// The product of two float32 numbers has at most 48 bits and its exponent fits, so it is exact in
/// double precision: fusing it with the addition, or not, cannot change a bit either.
///
/// Neither overflows nor underflows for finite input of any size. `a` and `b` may be unaligned to
/// anything but `float`, may be the same, and are not null. Returns 0 for `count` 0.
double vk_dot_f64(const float *a, const float *b, size_t count);

/// The sum of the squares of `count` float32 components: the same bits as `vk_dot_f64(a, a, count)`.
double vk_sum_of_squares_f64(const float *a, size_t count);

/// The index of the first component that is infinite or not a number, or `count` if all are finite.
///
/// It looks at the bits, so that no compiler flag about floating point can remove the check.
size_t vk_first_non_finite(const float *a, size_t count);

#ifdef __cplusplus
}
#endif

#endif
