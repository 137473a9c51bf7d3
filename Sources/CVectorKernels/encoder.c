// The kernels of local models for every instruction set of this build. encoder_kernels.h has the
// arithmetic; here it is compiled for each.

#include "variants.h"

#include <math.h>
#include <string.h>

// A product and its sum may be one rounding: results differ between processors by rounding only.
#pragma clang fp contract(fast)

#if defined(__x86_64__)

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))), apply_to = function)
#define ENCODER_LANES 16
#define ENCODER_ROWS 6
#define ENCODER_NAME(name) name##_avx512
#include "encoder_kernels.h"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define ENCODER_LANES 8
#define ENCODER_ROWS 3
#define ENCODER_NAME(name) name##_avx2
#include "encoder_kernels.h"
#pragma clang attribute pop

const vk_encoder vk_encoder_avx512 = {
    vk_linear_avx512, vk_combine_avx512, vk_softmax_avx512, vk_gelu_avx512, vk_add_norm_avx512, vk_add_scaled_avx512,
};

const vk_encoder vk_encoder_avx2 = {
    vk_linear_avx2, vk_combine_avx2, vk_softmax_avx2, vk_gelu_avx2, vk_add_norm_avx2, vk_add_scaled_avx2,
};

#endif

// Vectors of 4 are NEON's own, and SSE's; a compiler makes four scalars of them elsewhere.
#define ENCODER_LANES 4
#if defined(__aarch64__)
#define ENCODER_ROWS 6
#else
#define ENCODER_ROWS 3
#endif
#define ENCODER_NAME(name) name##_portable
#include "encoder_kernels.h"

const vk_encoder vk_encoder_portable = {
    vk_linear_portable, vk_combine_portable, vk_softmax_portable, vk_gelu_portable, vk_add_norm_portable, vk_add_scaled_portable,
};
