// The kernels for AVX2 with FMA, POPCNT and BMI2 (Intel since Haswell, AMD since Zen), compiled
// into every x86-64 build by function attributes and chosen at run time by dispatch.c. The
// contracts stand in the header; where it says "the same bits", the order of operations is that of
// the portable kernels.

#include "variants.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define AVX2 __attribute__((target("avx2,fma,popcnt,bmi,bmi2")))
#define AVX2_INLINE AVX2 static inline __attribute__((always_inline))

// ---- Sums

AVX2_INLINE float total(__m256 v) {
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

AVX2_INLINE int32_t total_epi32(__m256i v) {
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  four = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
  return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 1)));
}

AVX2_INLINE float largest_of(__m256 v) {
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  four = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
}

AVX2_INLINE __m256 absolute(__m256 v) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v); }

AVX2 double vk_dot_f64_avx2(const float *a, const float *b, size_t count) {
  __m256d sums[4];
  for (size_t k = 0; k < 4; k++) sums[k] = _mm256_setzero_pd();
  size_t i = 0;
  for (; i + VK_LANES <= count; i += VK_LANES) {
    for (size_t k = 0; k < 4; k++) {
      const __m256d x = _mm256_cvtps_pd(_mm_loadu_ps(a + i + 4 * k));
      const __m256d y = _mm256_cvtps_pd(_mm_loadu_ps(b + i + 4 * k));
      sums[k] = _mm256_fmadd_pd(x, y, sums[k]);
    }
  }
  if (i < count) {
    double lanes[VK_LANES];
    for (size_t k = 0; k < 4; k++) _mm256_storeu_pd(lanes + 4 * k, sums[k]);
    for (size_t l = 0; i + l < count; l++) lanes[l] += (double)a[i + l] * (double)b[i + l];
    for (size_t k = 0; k < 4; k++) sums[k] = _mm256_loadu_pd(lanes + 4 * k);
  }
  const __m256d four =
      _mm256_add_pd(_mm256_add_pd(sums[0], sums[2]), _mm256_add_pd(sums[1], sums[3]));
  const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

// ---- Rotation

// The stages between the 8 lanes of one vector: the partner in each pair, plus or minus the number
// itself; a product by 1 or -1 rounds nothing.
AVX2_INLINE __m256 stages_in_lanes(__m256 y) {
  const __m256 odd1 = _mm256_setr_ps(1, -1, 1, -1, 1, -1, 1, -1);
  const __m256 odd2 = _mm256_setr_ps(1, 1, -1, -1, 1, 1, -1, -1);
  const __m256 odd4 = _mm256_setr_ps(1, 1, 1, 1, -1, -1, -1, -1);
  y = _mm256_fmadd_ps(y, odd1, _mm256_permute_ps(y, 0xb1));
  y = _mm256_fmadd_ps(y, odd2, _mm256_permute_ps(y, 0x4e));
  return _mm256_fmadd_ps(y, odd4, _mm256_permute2f128_ps(y, y, 1));
}

// Negates and scales 64 neighbours and takes them through the first 6 stages.
AVX2_INLINE void first_pass(float *x, uint64_t signs, float scale) {
  const __m256i to_sign = _mm256_setr_epi32(31, 30, 29, 28, 27, 26, 25, 24);
  const __m256 factor = _mm256_set1_ps(scale), sign_bit = _mm256_set1_ps(-0.0f);
  __m256 v[8];
  for (size_t k = 0; k < 8; k++) {
    const __m256i shifted =
        _mm256_sllv_epi32(_mm256_set1_epi32((int32_t)(signs >> (8 * k) & 255)), to_sign);
    const __m256 sign = _mm256_and_ps(_mm256_castsi256_ps(shifted), sign_bit);
    v[k] = stages_in_lanes(
        _mm256_mul_ps(_mm256_loadu_ps(x + 8 * k), _mm256_xor_ps(factor, sign)));
  }
  for (size_t half = 1; half < 8; half *= 2) {
    for (size_t k = 0; k < 8; k++) {
      if (k & half) continue;
      const __m256 sum = _mm256_add_ps(v[k], v[k + half]);
      v[k + half] = _mm256_sub_ps(v[k], v[k + half]);
      v[k] = sum;
    }
  }
  for (size_t k = 0; k < 8; k++) _mm256_storeu_ps(x + 8 * k, v[k]);
}

// ---- Codes

// Rights the order of 32 bytes that were packed out of 32 numbers: packing goes by lanes of 128
// bits.
AVX2_INLINE __m256i ordered(__m256i bytes) {
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

AVX2_INLINE __m256i packed_signed(const __m256i v[4]) {
  return ordered(
      _mm256_packs_epi16(_mm256_packs_epi32(v[0], v[1]), _mm256_packs_epi32(v[2], v[3])));
}

AVX2_INLINE __m256i packed_unsigned(const __m256i v[4]) {
  return ordered(
      _mm256_packus_epi16(_mm256_packs_epi32(v[0], v[1]), _mm256_packs_epi32(v[2], v[3])));
}

// The levels of 8 components; the product is not fused, so as to round as the portable kernel does.
AVX2_INLINE __m256 fine_levels(__m256 y, __m256 to_steps) {
  const __m256 level =
      _mm256_floor_ps(_mm256_add_ps(_mm256_mul_ps(y, to_steps), _mm256_set1_ps(8)));
  // Of a number and NaN, max gives its second operand.
  return _mm256_min_ps(_mm256_max_ps(level, _mm256_setzero_ps()), _mm256_set1_ps(15));
}

AVX2 static float encode_bits(const float *y, size_t p, uint8_t *bits, vk_encoded *out) {
  __m256 squares[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  __m256 sums[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  for (size_t w = 0; w < p / 64; w++) {
    uint64_t word = 0;
    for (size_t k = 0; k < 8; k++) {
      const __m256 v = _mm256_loadu_ps(y + w * 64 + 8 * k);
      const __m256 set = _mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_GE_OQ);
      word |= (uint64_t)(unsigned)_mm256_movemask_ps(set) << (8 * k);
      squares[k % 2] = _mm256_fmadd_ps(v, v, squares[k % 2]);
      sums[k % 2] = _mm256_add_ps(sums[k % 2], absolute(v));
    }
    memcpy(bits + 8 * w, &word, 8);
  }
  out->abs_sum = total(_mm256_add_ps(sums[0], sums[1]));
  return sqrtf(total(_mm256_add_ps(squares[0], squares[1])));
}

AVX2 static void encode(
    const float *y, size_t p, uint8_t *bits, uint8_t *fine, vk_encoded *out) {
  const float norm = encode_bits(y, p, bits, out), root = sqrtf((float)p);
  const float from_steps = VK_FINE_STEP / root;
  const __m256 to_steps = _mm256_set1_ps(norm > 0 ? root / (norm * VK_FINE_STEP) : 0);
  const __m256 middle = _mm256_set1_ps(7.5f);
  __m256 dots[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  __m256 squares[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  const size_t half = p / 2;
  for (size_t i = 0; i < half; i += 32) {
    __m256i codes[4];
    for (size_t k = 0; k < 4; k++) {
      __m256i both[2];
      for (size_t h = 0; h < 2; h++) {
        const __m256 v = _mm256_loadu_ps(y + h * half + i + 8 * k);
        const __m256 level = fine_levels(v, to_steps), z = _mm256_sub_ps(level, middle);
        dots[h] = _mm256_fmadd_ps(z, v, dots[h]);
        squares[h] = _mm256_fmadd_ps(z, z, squares[h]);
        both[h] = _mm256_cvtps_epi32(level);
      }
      codes[k] = _mm256_or_si256(both[0], _mm256_slli_epi32(both[1], 4));
    }
    _mm256_storeu_si256((__m256i *)(fine + i), packed_unsigned(codes));
  }
  out->norm = norm;
  out->fine_dot = norm > 0 ? total(_mm256_add_ps(dots[0], dots[1])) * from_steps : 0;
  out->fine_norm =
      norm > 0 ? sqrtf(total(_mm256_add_ps(squares[0], squares[1]))) * from_steps : 0;
}

// ---- Queries

// The sum of squares, and the largest size of a component.
AVX2 static float measure(const float *q, size_t p, float *largest) {
  __m256 squares[4], most = _mm256_setzero_ps();
  for (size_t k = 0; k < 4; k++) squares[k] = _mm256_setzero_ps();
  for (size_t i = 0; i < p; i += 32) {
    for (size_t k = 0; k < 4; k++) {
      const __m256 v = _mm256_loadu_ps(q + i + 8 * k);
      squares[k] = _mm256_fmadd_ps(v, v, squares[k]);
      most = _mm256_max_ps(most, absolute(v));
    }
  }
  *largest = largest_of(most);
  return total(_mm256_add_ps(
      _mm256_add_ps(squares[0], squares[1]), _mm256_add_ps(squares[2], squares[3])));
}

AVX2_INLINE __m256 rounded(__m256 q, float per, float limit) {
  __m256 whole = _mm256_round_ps(
      _mm256_mul_ps(q, _mm256_set1_ps(per)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  whole = _mm256_max_ps(whole, _mm256_set1_ps(-limit));
  return _mm256_min_ps(whole, _mm256_set1_ps(limit));
}

// Adds up signed bytes.
AVX2_INLINE __m256i add_bytes(__m256i sums, __m256i bytes) {
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), bytes);
  return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

// u_i. Gives the sums of q_i u_i, u_i^2 and u_i.
AVX2 static void quantize4(
    const float *q, size_t p, float per, int8_t *levels, float *dot, float *squares, int32_t *sum) {
  __m256 dots[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  __m256 square[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  __m256i sums = _mm256_setzero_si256();
  for (size_t i = 0; i < p; i += 32) {
    __m256i codes[4];
    for (size_t k = 0; k < 4; k++) {
      const __m256 v = _mm256_loadu_ps(q + i + 8 * k), u = rounded(v, per, 7);
      dots[k % 2] = _mm256_fmadd_ps(v, u, dots[k % 2]);
      square[k % 2] = _mm256_fmadd_ps(u, u, square[k % 2]);
      codes[k] = _mm256_cvtps_epi32(u);
    }
    const __m256i bytes = packed_signed(codes);
    sums = add_bytes(sums, bytes);
    _mm256_storeu_si256((__m256i *)(levels + i), bytes);
  }
  *dot = total(_mm256_add_ps(dots[0], dots[1]));
  *squares = total(_mm256_add_ps(square[0], square[1]));
  *sum = total_epi32(sums);
}

// w_i. Returns the sum of the squared errors and gives the sum of w_i.
AVX2 static float quantize8(
    const float *q, size_t p, float step, int8_t *bytes, int32_t *sum) {
  const float per = 1.0f / step;
  __m256 errors[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  __m256i sums = _mm256_setzero_si256();
  for (size_t i = 0; i < p; i += 32) {
    __m256i codes[4];
    for (size_t k = 0; k < 4; k++) {
      const __m256 v = _mm256_loadu_ps(q + i + 8 * k), w = rounded(v, per, 127);
      const __m256 error = _mm256_sub_ps(v, _mm256_mul_ps(_mm256_set1_ps(step), w));
      errors[k % 2] = _mm256_fmadd_ps(error, error, errors[k % 2]);
      codes[k] = _mm256_cvtps_epi32(w);
    }
    const __m256i whole = packed_signed(codes);
    sums = add_bytes(sums, whole);
    _mm256_storeu_si256((__m256i *)(bytes + i), whole);
  }
  *sum = total_epi32(sums);
  return total(_mm256_add_ps(errors[0], errors[1]));
}

// ---- Scan

// Adds the sums of one byte of the code, for 32 rows, to those of the bytes before it.
AVX2_INLINE __m256i add_byte(__m256i sums, const uint8_t *code, __m256i low, __m256i high) {
  const __m256i low_bits = _mm256_set1_epi8(15);
  const __m256i bits = _mm256_loadu_si256((const __m256i *)code);
  const __m256i half0 = _mm256_and_si256(bits, low_bits);
  const __m256i half1 = _mm256_and_si256(_mm256_srli_epi16(bits, 4), low_bits);
  return _mm256_add_epi8(
      sums, _mm256_add_epi8(_mm256_shuffle_epi8(low, half0), _mm256_shuffle_epi8(high, half1)));
}

AVX2_INLINE __m256i table_of(const uint8_t *at) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)at));
}

// Adds the sums of 32 rows, less what the tables have been raised by, to what is there; or to nothing.
AVX2_INLINE void finish_sums(__m256i even, __m256i odd, int32_t added, int adds, int32_t *sums) {
  even = _mm256_sub_epi16(even, _mm256_slli_epi16(odd, 8));
  // Unpacking goes by lanes of 128 bits: each has 8 rows of 16.
  const __m256i low = _mm256_unpacklo_epi16(even, odd), high = _mm256_unpackhi_epi16(even, odd);
  const __m128i eights[4] = {
      _mm256_castsi256_si128(low), _mm256_castsi256_si128(high),
      _mm256_extracti128_si256(low, 1), _mm256_extracti128_si256(high, 1)};
  for (size_t k = 0; k < 4; k++, sums += 8) {
    const __m256i rows =
        _mm256_sub_epi32(_mm256_cvtepu16_epi32(eights[k]), _mm256_set1_epi32(added));
    __m256i *at = (__m256i *)sums;
    const __m256i before = adds ? _mm256_loadu_si256(at) : _mm256_setzero_si256();
    _mm256_storeu_si256(at, _mm256_add_epi32(before, rows));
  }
}

#define TABLE_BYTES HALF_BYTE_TABLES
#define make_tables vk_half_byte_tables

// The sums of one tile over one part, looked up for half a byte at a time. Those of 32 rows are added
// up in bytes, and these in 16 bits: of the even rows in `even` (and of the odd ones 256 times, which
// finish_sums takes away), of the odd ones in `odd`.
AVX2_INLINE void scan_tile(
    const uint8_t *code, size_t bytes, const uint8_t *tables, int32_t added, int adds,
    int32_t *sums) {
  __m256i even[2], odd[2];
  for (size_t h = 0; h < 2; h++) even[h] = odd[h] = _mm256_setzero_si256();
  for (size_t b = 0; b < bytes; b += 4) {
    // At most 8 * 28: they fit a byte.
    __m256i four[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    for (size_t k = 0; k < 4; k++, code += VK_TILE, tables += 32) {
      const __m256i low = table_of(tables), high = table_of(tables + 16);
      for (size_t h = 0; h < 2; h++) four[h] = add_byte(four[h], code + 32 * h, low, high);
    }
    for (size_t h = 0; h < 2; h++) {
      even[h] = _mm256_add_epi16(even[h], four[h]);
      odd[h] = _mm256_add_epi16(odd[h], _mm256_srli_epi16(four[h], 8));
    }
  }
  for (size_t h = 0; h < 2; h++) finish_sums(even[h], odd[h], added, adds, sums + 32 * h);
}

// ---- Selection

// The order that brings the kept lanes to the front.
AVX2_INLINE __m256i front(unsigned kept) {
  const uint64_t bytes = _pdep_u64(kept, 0x0101010101010101u) * 255;
  return _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)_pext_u64(0x0706050403020100u, bytes)));
}

AVX2 static size_t select_rows(
    const int32_t *sums, const float *base, const float *scale, const float *error, size_t rows,
    const uint8_t *mask, const vk_selection *s, uint32_t *index, float *estimate,
    float *half_width) {
  const __m256 offset = _mm256_set1_ps(s->offset), unit = _mm256_set1_ps(s->unit);
  const __m256 spread = _mm256_set1_ps(s->spread), rounding = _mm256_set1_ps(s->rounding);
  const __m256 slack = _mm256_set1_ps(s->slack), threshold = _mm256_set1_ps(s->threshold);
  const __m256i sum = _mm256_set1_epi32(s->sum), steps = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  size_t count = 0;
  for (size_t i = 0; i < rows; i += 8) {
    const size_t left = rows - i < 8 ? rows - i : 8;
    const unsigned lanes = ((1u << left) - 1) & (mask ? mask[i / 8] : 255);
    if (!lanes) continue;
    const __m256i there = _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)left), steps);
    const __m256 scales = _mm256_maskload_ps(scale + i, there);
    const __m256i counts = _mm256_maskload_epi32(sums + i, there);
    const __m256 doubled = _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_slli_epi32(counts, 1), sum));
    const __m256 value = _mm256_add_ps(
        _mm256_add_ps(offset, _mm256_maskload_ps(base + i, there)),
        _mm256_mul_ps(_mm256_mul_ps(scales, unit), doubled));
    const __m256 a = _mm256_mul_ps(spread, _mm256_maskload_ps(error + i, there));
    const __m256 b = _mm256_mul_ps(rounding, scales);
    const __m256 half = _mm256_add_ps(
        slack, _mm256_sqrt_ps(_mm256_add_ps(_mm256_mul_ps(a, a), _mm256_mul_ps(b, b))));
    const __m256 reaching = _mm256_cmp_ps(_mm256_add_ps(value, half), threshold, _CMP_NLT_UQ);
    const unsigned kept = (unsigned)_mm256_movemask_ps(reaching) & lanes;
    if (!kept) continue;
    const __m256i order = front(kept);
    const __m256i number = _mm256_add_epi32(_mm256_set1_epi32((int32_t)i), order);
    _mm256_storeu_si256((__m256i *)(index + count), number);
    _mm256_storeu_ps(estimate + count, _mm256_permutevar8x32_ps(value, order));
    _mm256_storeu_ps(half_width + count, _mm256_permutevar8x32_ps(half, order));
    count += (size_t)__builtin_popcount(kept);
  }
  return count;
}

// ---- Fine codes

AVX2_INLINE void fine_group(
    const uint8_t *const *at, const uint8_t *const *ahead, const size_t count, size_t half,
    const int8_t *bytes, int32_t *sums) {
  const __m256i low_bits = _mm256_set1_epi8(15), ones = _mm256_set1_epi16(1);
  __m256i total32[FINE_ROWS], pairs[FINE_ROWS];
  for (size_t r = 0; r < count; r++) total32[r] = _mm256_setzero_si256();
  for (size_t j = 0; j < half;) {
    // A pair of products is at most 2 * 15 * 128 in size, so that 8 of them fit 16 bits.
    for (size_t r = 0; r < count; r++) pairs[r] = _mm256_setzero_si256();
    for (const size_t end = half - j < 128 ? half : j + 128; j < end; j += 32) {
      const __m256i bytes0 = _mm256_loadu_si256((const __m256i *)(bytes + j));
      const __m256i bytes1 = _mm256_loadu_si256((const __m256i *)(bytes + half + j));
      for (size_t r = 0; r < count; r++) {
        if (j % 64 == 0) _mm_prefetch((const char *)ahead[r] + j, _MM_HINT_T1);
        const __m256i codes = _mm256_loadu_si256((const __m256i *)(at[r] + j));
        const __m256i low = _mm256_and_si256(codes, low_bits);
        const __m256i high = _mm256_and_si256(_mm256_srli_epi16(codes, 4), low_bits);
        pairs[r] = _mm256_add_epi16(pairs[r], _mm256_maddubs_epi16(low, bytes0));
        pairs[r] = _mm256_add_epi16(pairs[r], _mm256_maddubs_epi16(high, bytes1));
      }
    }
    for (size_t r = 0; r < count; r++) {
      total32[r] = _mm256_add_epi32(total32[r], _mm256_madd_epi16(pairs[r], ones));
    }
  }
  for (size_t r = 0; r < count; r++) sums[r] = total_epi32(total32[r]);
}

// ---- What is around them

#define VEC __m256
#define VEC_LANES 8
#define VEC_TARGET AVX2
#define VEC_LOAD(at) _mm256_loadu_ps(at)
#define VEC_STORE(at, v) _mm256_storeu_ps(at, v)
#define VEC_ADD(a, b) _mm256_add_ps(a, b)
#define VEC_SUB(a, b) _mm256_sub_ps(a, b)
#define VEC_MUL(a, b) _mm256_mul_ps(a, b)
#define VEC_ALL(value) _mm256_set1_ps(value)
#include "shared.h"

// ---- Table

static const vk_table avx2 = {
    "avx2", vk_dot_f64_avx2, rotate, encode, quantize_query, scan, select_rows, fine_dots,
    &vk_encoder_avx2,
};

const vk_table *vk_avx2_table(void) {
  // These look at what the operating system saves, too.
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
                 && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi")
                 && __builtin_cpu_supports("bmi2")
             ? &avx2
             : NULL;
}

#else

const vk_table *vk_avx2_table(void) { return NULL; }

#endif
