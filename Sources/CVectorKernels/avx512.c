// The kernels for AVX-512 with VBMI and VNNI (Intel since Ice Lake, AMD since Zen 4), compiled
// into every x86-64 build by function attributes and chosen at run time by dispatch.c. The
// contracts stand in the header; where it says "the same bits", the order of operations is that of
// the portable kernels.

#include "variants.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define AVX512 \
  __attribute__((target( \
      "avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vnni,avx2,fma,popcnt,bmi,bmi2")))
#define AVX512_INLINE AVX512 static inline __attribute__((always_inline))

// ---- Rotation

// Negates and scales 64 neighbours and takes them through the first 6 stages.
AVX512_INLINE void first_pass(float *x, uint64_t signs, float scale) {
  const __m512 plus = _mm512_set1_ps(scale), minus = _mm512_set1_ps(-scale);
  const __m512 odd1 = _mm512_castsi512_ps(_mm512_set1_epi64((int64_t)0xbf8000003f800000u));
  const __m512 one = _mm512_set1_ps(1), minus_one = _mm512_set1_ps(-1);
  const __m512 odd2 = _mm512_mask_blend_ps(0xcccc, one, minus_one);
  const __m512 odd4 = _mm512_mask_blend_ps(0xf0f0, one, minus_one);
  const __m512 odd8 = _mm512_mask_blend_ps(0xff00, one, minus_one);
  __m512 v[4];
  for (size_t k = 0; k < 4; k++) {
    const __mmask16 negative = (__mmask16)(signs >> (16 * k));
    __m512 y = _mm512_loadu_ps(x + 16 * k);
    y = _mm512_mul_ps(y, _mm512_mask_blend_ps(negative, plus, minus));
    // The partner in each pair, plus or minus the number itself; a product by 1 or -1 rounds
    // nothing.
    y = _mm512_fmadd_ps(y, odd1, _mm512_permute_ps(y, 0xb1));
    y = _mm512_fmadd_ps(y, odd2, _mm512_permute_ps(y, 0x4e));
    y = _mm512_fmadd_ps(y, odd4, _mm512_shuffle_f32x4(y, y, 0xb1));
    v[k] = _mm512_fmadd_ps(y, odd8, _mm512_shuffle_f32x4(y, y, 0x4e));
  }
  const __m512 a = _mm512_add_ps(v[0], v[1]), b = _mm512_sub_ps(v[0], v[1]);
  const __m512 c = _mm512_add_ps(v[2], v[3]), d = _mm512_sub_ps(v[2], v[3]);
  _mm512_storeu_ps(x, _mm512_add_ps(a, c));
  _mm512_storeu_ps(x + 16, _mm512_add_ps(b, d));
  _mm512_storeu_ps(x + 32, _mm512_sub_ps(a, c));
  _mm512_storeu_ps(x + 48, _mm512_sub_ps(b, d));
}

// ---- Codes

// The levels of 16 components; the product is not fused, so as to round as the portable kernel
// does.
AVX512_INLINE __m512 fine_levels(__m512 y, __m512 to_steps) {
  __m512 level = _mm512_add_ps(_mm512_mul_ps(y, to_steps), _mm512_set1_ps(8));
  level = _mm512_roundscale_ps(level, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  // Of a number and NaN, max gives its second operand.
  return _mm512_min_ps(_mm512_max_ps(level, _mm512_setzero_ps()), _mm512_set1_ps(15));
}

AVX512 static float encode_bits(const float *y, size_t p, uint8_t *bits, vk_encoded *out) {
  __m512 squares[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
  __m512 sums[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
  for (size_t w = 0; w < p / 64; w++) {
    uint64_t word = 0;
    for (size_t k = 0; k < 4; k++) {
      const __m512 v = _mm512_loadu_ps(y + w * 64 + 16 * k);
      word |= (uint64_t)_mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GE_OQ) << (16 * k);
      squares[k % 2] = _mm512_fmadd_ps(v, v, squares[k % 2]);
      sums[k % 2] = _mm512_add_ps(sums[k % 2], _mm512_abs_ps(v));
    }
    memcpy(bits + 8 * w, &word, 8);
  }
  out->abs_sum = _mm512_reduce_add_ps(_mm512_add_ps(sums[0], sums[1]));
  return sqrtf(_mm512_reduce_add_ps(_mm512_add_ps(squares[0], squares[1])));
}

AVX512 static void encode(
    const float *y, size_t p, uint8_t *bits, uint8_t *fine, vk_encoded *out) {
  const float norm = encode_bits(y, p, bits, out), root = sqrtf((float)p);
  const float from_steps = VK_FINE_STEP / root;
  const __m512 to_steps = _mm512_set1_ps(norm > 0 ? root / (norm * VK_FINE_STEP) : 0);
  const __m512 middle = _mm512_set1_ps(7.5f);
  __m512 dots[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
  __m512 squares[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
  const size_t half = p / 2;
  for (size_t i = 0; i < half; i += 16) {
    const __m512 y0 = _mm512_loadu_ps(y + i), y1 = _mm512_loadu_ps(y + half + i);
    const __m512 level0 = fine_levels(y0, to_steps), level1 = fine_levels(y1, to_steps);
    const __m512 z0 = _mm512_sub_ps(level0, middle), z1 = _mm512_sub_ps(level1, middle);
    dots[0] = _mm512_fmadd_ps(z0, y0, dots[0]);
    dots[1] = _mm512_fmadd_ps(z1, y1, dots[1]);
    squares[0] = _mm512_fmadd_ps(z0, z0, squares[0]);
    squares[1] = _mm512_fmadd_ps(z1, z1, squares[1]);
    const __m512i code = _mm512_or_epi32(
        _mm512_cvtps_epi32(level0), _mm512_slli_epi32(_mm512_cvtps_epi32(level1), 4));
    _mm_storeu_si128((__m128i *)(fine + i), _mm512_cvtepi32_epi8(code));
  }
  const float dot = _mm512_reduce_add_ps(_mm512_add_ps(dots[0], dots[1]));
  const float square = _mm512_reduce_add_ps(_mm512_add_ps(squares[0], squares[1]));
  out->norm = norm;
  out->fine_dot = norm > 0 ? dot * from_steps : 0;
  out->fine_norm = norm > 0 ? sqrtf(square) * from_steps : 0;
}

// ---- Queries

// The sum of squares, and the largest size of a component.
AVX512 static float measure(const float *q, size_t p, float *largest) {
  __m512 squares[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()}, most = _mm512_setzero_ps();
  for (size_t i = 0; i < p; i += 32) {
    const __m512 a = _mm512_loadu_ps(q + i), b = _mm512_loadu_ps(q + i + 16);
    squares[0] = _mm512_fmadd_ps(a, a, squares[0]);
    squares[1] = _mm512_fmadd_ps(b, b, squares[1]);
    most = _mm512_max_ps(most, _mm512_max_ps(_mm512_abs_ps(a), _mm512_abs_ps(b)));
  }
  *largest = _mm512_reduce_max_ps(most);
  return _mm512_reduce_add_ps(_mm512_add_ps(squares[0], squares[1]));
}

AVX512_INLINE __m512 rounded(__m512 q, float per, float limit) {
  __m512 whole = _mm512_roundscale_ps(
      _mm512_mul_ps(q, _mm512_set1_ps(per)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  whole = _mm512_max_ps(whole, _mm512_set1_ps(-limit));
  return _mm512_min_ps(whole, _mm512_set1_ps(limit));
}

// 64 numbers of one byte out of 64 of four.
AVX512_INLINE __m512i packed(const __m512i v[4]) {
  const __m512i bytes =
      _mm512_packs_epi16(_mm512_packs_epi32(v[0], v[1]), _mm512_packs_epi32(v[2], v[3]));
  // Packing goes by lanes of 128 bits.
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, bytes);
}

AVX512_INLINE float total(const __m512 v[4]) {
  return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(v[0], v[1]), _mm512_add_ps(v[2], v[3])));
}

// u_i. Gives the sums of q_i u_i, u_i^2 and u_i.
AVX512 static void quantize4(
    const float *q, size_t p, float per, int8_t *levels, float *dot, float *squares,
    int32_t *sum) {
  __m512 dots[4], square[4];
  __m512i sums = _mm512_setzero_si512();
  for (size_t k = 0; k < 4; k++) dots[k] = square[k] = _mm512_setzero_ps();
  for (size_t i = 0; i < p; i += 64) {
    __m512i codes[4];
    for (size_t k = 0; k < 4; k++) {
      const __m512 v = _mm512_loadu_ps(q + i + 16 * k), u = rounded(v, per, 7);
      dots[k] = _mm512_fmadd_ps(v, u, dots[k]);
      square[k] = _mm512_fmadd_ps(u, u, square[k]);
      codes[k] = _mm512_cvtps_epi32(u);
    }
    const __m512i bytes = packed(codes);
    sums = _mm512_dpbusd_epi32(sums, _mm512_set1_epi8(1), bytes);
    _mm512_storeu_si512(levels + i, bytes);
  }
  *dot = total(dots);
  *squares = total(square);
  *sum = _mm512_reduce_add_epi32(sums);
}

// w_i. Returns the sum of the squared errors and gives the sum of w_i.
AVX512 static float quantize8(
    const float *q, size_t p, float step, int8_t *bytes, int32_t *sum) {
  const float per = 1.0f / step;
  __m512 errors[4];
  __m512i sums = _mm512_setzero_si512();
  for (size_t k = 0; k < 4; k++) errors[k] = _mm512_setzero_ps();
  for (size_t i = 0; i < p; i += 64) {
    __m512i codes[4];
    for (size_t k = 0; k < 4; k++) {
      const __m512 v = _mm512_loadu_ps(q + i + 16 * k), w = rounded(v, per, 127);
      const __m512 error = _mm512_sub_ps(v, _mm512_mul_ps(_mm512_set1_ps(step), w));
      errors[k] = _mm512_fmadd_ps(error, error, errors[k]);
      codes[k] = _mm512_cvtps_epi32(w);
    }
    const __m512i whole = packed(codes);
    sums = _mm512_dpbusd_epi32(sums, _mm512_set1_epi8(1), whole);
    _mm512_storeu_si512(bytes + i, whole);
  }
  *sum = _mm512_reduce_add_epi32(sums);
  return total(errors);
}

// ---- Scan

// Sums are looked up for 6 bits at a time, since a table in a register has 64 entries. A unit is 24
// components, 3 bytes of a code: the low 6 bits of each, and the 6 high ones of all.
#define UNIT 24
#define UNIT_TABLES (4 * 64)
#define TABLE_BYTES (VK_PART / UNIT * UNIT_TABLES)

// The same byte, or the same 8 bytes, for each of 8 groups of 3 components.
#define GROUPS(a, b, c, d, e, f, g, h) \
  _mm512_setr_epi64( \
      (a) * BYTES, (b) * BYTES, (c) * BYTES, (d) * BYTES, (e) * BYTES, (f) * BYTES, (g) * BYTES, \
      (h) * BYTES)
#define BYTES 0x0101010101010101

// The tables of the units: an entry is the sum of u_i over the set bits, plus the sum of |u_i| over
// the negative ones of its components, so that it is 0 to 42. Components there are none of count as
// 0. Returns what has been added in all tables.
AVX512 static int32_t make_tables(const int8_t *levels, size_t p, uint8_t *tables) {
  // Half an index of a table is the bits of 3 components of the unit: entry k of group g takes
  // max(u_i, 0) where the bit is set in k, max(-u_i, 0), which is 64 bytes on, where it is not.
  const __m512i clear0 = _mm512_set1_epi64(0x0040004000400040);
  const __m512i clear1 = _mm512_set1_epi64(0x0000404000004040);
  const __m512i clear2 = _mm512_set1_epi64(0x0000000040404040);
  const __m512i first = _mm512_or_si512(GROUPS(0, 3, 8, 11, 16, 19, 6, 15), clear0);
  const __m512i second = _mm512_or_si512(GROUPS(1, 4, 9, 12, 17, 20, 7, 22), clear1);
  const __m512i third = _mm512_or_si512(GROUPS(2, 5, 10, 13, 18, 21, 14, 23), clear2);
  // Where an entry of a table finds the sums of its index's two halves.
  const __m512i low_half = _mm512_set1_epi64(0x0706050403020100);
  const __m512i high_half = GROUPS(8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i zero = _mm512_setzero_si512();
  __m512i added = zero;
  for (size_t i = 0; i < p; i += UNIT, tables += UNIT_TABLES) {
    const size_t count = p - i < UNIT ? p - i : UNIT;
    const __mmask64 there = ((__mmask64)1 << count) - 1;
    const __m512i u = _mm512_maskz_loadu_epi8(there, levels + i);
    const __m512i positive = _mm512_max_epi8(u, zero);
    const __m512i negative = _mm512_max_epi8(_mm512_sub_epi8(zero, u), zero);
    added = _mm512_dpbusd_epi32(added, negative, _mm512_set1_epi8(1));
    __m512i sums = _mm512_permutex2var_epi8(positive, first, negative);
    sums = _mm512_add_epi8(sums, _mm512_permutex2var_epi8(positive, second, negative));
    sums = _mm512_add_epi8(sums, _mm512_permutex2var_epi8(positive, third, negative));
    for (int t = 0; t < 4; t++) {
      const __m512i table = _mm512_set1_epi8((char)(16 * t));
      const __m512i low = _mm512_permutexvar_epi8(_mm512_or_si512(table, low_half), sums);
      const __m512i high = _mm512_permutexvar_epi8(_mm512_or_si512(table, high_half), sums);
      _mm512_store_si512(tables + 64 * t, _mm512_add_epi8(low, high));
    }
  }
  return _mm512_reduce_add_epi32(added);
}

// The high 2 bits of 3 bytes, in the low 6 bits of one; a look-up ignores the 2 above them.
AVX512_INLINE __m512i high_bits(__m512i byte0, __m512i byte1, __m512i byte2) {
  const __m512i two = _mm512_set1_epi8(0x03), four = _mm512_set1_epi8(0x0f);
  enum { CHOOSE = 0xca };  // the second's bits where those of the first are set, else the third's
  const __m512i low = _mm512_ternarylogic_epi32(
      two, _mm512_srli_epi16(byte0, 6), _mm512_srli_epi16(byte1, 4), CHOOSE);
  return _mm512_ternarylogic_epi32(four, low, _mm512_srli_epi16(byte2, 2), CHOOSE);
}

// Adds the sums of one unit to those of 64 rows: 16 bits each, of the even rows in `even` (and of the
// odd ones 256 times, which finish_sums takes away), of the odd ones in `odd`.
AVX512_INLINE void add_unit(
    __m512i byte0, __m512i byte1, __m512i byte2, const uint8_t *tables, __m512i *even,
    __m512i *odd) {
  const __m512i byte3 = high_bits(byte0, byte1, byte2);
  const __m512i sum0 = _mm512_permutexvar_epi8(byte0, _mm512_load_si512(tables));
  const __m512i sum1 = _mm512_permutexvar_epi8(byte1, _mm512_load_si512(tables + 64));
  const __m512i sum2 = _mm512_permutexvar_epi8(byte2, _mm512_load_si512(tables + 128));
  const __m512i sum3 = _mm512_permutexvar_epi8(byte3, _mm512_load_si512(tables + 192));
  // At most 4 * 42: they fit a byte.
  const __m512i sums =
      _mm512_add_epi8(_mm512_add_epi8(sum0, sum1), _mm512_add_epi8(sum2, sum3));
  *even = _mm512_add_epi16(*even, sums);
  *odd = _mm512_add_epi16(*odd, _mm512_srli_epi16(sums, 8));
}

// Adds the sums of 64 rows, less what the tables have been raised by, to what is there; or to nothing.
AVX512_INLINE void finish_sums(
    __m512i even, __m512i odd, int32_t added, int adds, int32_t *sums) {
  even = _mm512_sub_epi16(even, _mm512_slli_epi16(odd, 8));
  // Unpacking goes by lanes of 128 bits: `low` has 8 rows of each 16, `high` the other 8.
  const __m512i low = _mm512_unpacklo_epi16(even, odd), high = _mm512_unpackhi_epi16(even, odd);
  const __m512i halves[2] = {
      _mm512_permutex2var_epi64(low, _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), high),
      _mm512_permutex2var_epi64(low, _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15), high)};
  const __mmask16 there = adds ? 0xffff : 0;
  for (size_t q = 0; q < 4; q++, sums += 16) {
    const __m256i half = q % 2 == 0 ? _mm512_castsi512_si256(halves[q / 2])
                                    : _mm512_extracti64x4_epi64(halves[q / 2], 1);
    const __m512i before = _mm512_maskz_loadu_epi32(there, sums);
    const __m512i rows = _mm512_sub_epi32(_mm512_cvtepu16_epi32(half), _mm512_set1_epi32(added));
    _mm512_storeu_si512(sums, _mm512_add_epi32(before, rows));
  }
}

// The sums of one tile over one part.
AVX512_INLINE void scan_tile(
    const uint8_t *code, size_t bytes, const uint8_t *tables, int32_t added, int adds,
    int32_t *sums) {
  const __m512i zero = _mm512_setzero_si512();
  __m512i even = zero, odd = zero;
  size_t left = bytes;
  for (; left >= 3; left -= 3, code += 3 * VK_TILE, tables += UNIT_TABLES) {
    add_unit(
        _mm512_loadu_si512(code), _mm512_loadu_si512(code + VK_TILE),
        _mm512_loadu_si512(code + 2 * VK_TILE), tables, &even, &odd);
  }
  if (left > 0) {
    const __m512i byte1 = left > 1 ? _mm512_loadu_si512(code + VK_TILE) : zero;
    add_unit(_mm512_loadu_si512(code), byte1, zero, tables, &even, &odd);
  }
  finish_sums(even, odd, added, adds, sums);
}

// ---- Selection

// The bits of the mask for the up to 16 rows from `i` on.
AVX512_INLINE __mmask16 selectable(const uint8_t *mask, size_t i, size_t rows) {
  const size_t left = rows - i;
  unsigned lanes = left < 16 ? (1u << left) - 1 : 0xffff;
  if (mask) lanes &= (unsigned)mask[i / 8] | (left > 8 ? (unsigned)mask[i / 8 + 1] << 8 : 0);
  return (__mmask16)lanes;
}

AVX512 static size_t select_rows(
    const int32_t *sums, const float *base, const float *scale, const float *error, size_t rows,
    const uint8_t *mask, const vk_selection *s, uint32_t *index, float *estimate,
    float *half_width) {
  const __m512 offset = _mm512_set1_ps(s->offset), unit = _mm512_set1_ps(s->unit);
  const __m512 spread = _mm512_set1_ps(s->spread), rounding = _mm512_set1_ps(s->rounding);
  const __m512 slack = _mm512_set1_ps(s->slack), threshold = _mm512_set1_ps(s->threshold);
  const __m512i sum = _mm512_set1_epi32(s->sum);
  const __m512i steps = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  size_t count = 0;
  for (size_t i = 0; i < rows; i += 16) {
    const __mmask16 lanes = selectable(mask, i, rows);
    if (!lanes) continue;
    const __m512 scales = _mm512_maskz_loadu_ps(lanes, scale + i);
    const __m512i counts = _mm512_maskz_loadu_epi32(lanes, sums + i);
    const __m512 doubled =
        _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_slli_epi32(counts, 1), sum));
    const __m512 value = _mm512_add_ps(
        _mm512_add_ps(offset, _mm512_maskz_loadu_ps(lanes, base + i)),
        _mm512_mul_ps(_mm512_mul_ps(scales, unit), doubled));
    const __m512 a = _mm512_mul_ps(spread, _mm512_maskz_loadu_ps(lanes, error + i));
    const __m512 b = _mm512_mul_ps(rounding, scales);
    const __m512 half = _mm512_add_ps(
        slack, _mm512_sqrt_ps(_mm512_add_ps(_mm512_mul_ps(a, a), _mm512_mul_ps(b, b))));
    const __mmask16 kept = _mm512_mask_cmp_ps_mask(
        lanes, _mm512_add_ps(value, half), threshold, _CMP_NLT_UQ);
    if (!kept) continue;
    // Compressed in registers: compressing stores are microcode on Zen 4.
    const __m512i rows16 = _mm512_add_epi32(_mm512_set1_epi32((int32_t)i), steps);
    _mm512_storeu_si512(index + count, _mm512_maskz_compress_epi32(kept, rows16));
    _mm512_storeu_ps(estimate + count, _mm512_maskz_compress_ps(kept, value));
    _mm512_storeu_ps(half_width + count, _mm512_maskz_compress_ps(kept, half));
    count += (size_t)__builtin_popcount(kept);
  }
  return count;
}

// ---- Fine codes

AVX512_INLINE void fine_group(
    const uint8_t *const *at, const uint8_t *const *ahead, const size_t count, size_t half,
    const int8_t *bytes, int32_t *sums) {
  const __m512i low_bits = _mm512_set1_epi8(15), high_bits = _mm512_set1_epi8((char)0xf0);
  __m512i low[FINE_ROWS], high[FINE_ROWS];
  for (size_t r = 0; r < count; r++) low[r] = high[r] = _mm512_setzero_si512();
  for (size_t j = 0; j < half; j += 64) {
    const __mmask64 lanes = half - j < 64 ? 0xffffffffu : ~(__mmask64)0;  // half is 32 n
    const __m512i bytes0 = _mm512_maskz_loadu_epi8(lanes, bytes + j);
    const __m512i bytes1 = _mm512_maskz_loadu_epi8(lanes, bytes + half + j);
    for (size_t r = 0; r < count; r++) {
      _mm_prefetch((const char *)ahead[r] + j, _MM_HINT_T1);
      const __m512i codes = _mm512_maskz_loadu_epi8(lanes, at[r] + j);
      // The high ones stay in place, 16 times too large.
      low[r] = _mm512_dpbusd_epi32(low[r], _mm512_and_si512(codes, low_bits), bytes0);
      high[r] = _mm512_dpbusd_epi32(high[r], _mm512_and_si512(codes, high_bits), bytes1);
    }
  }
  for (size_t r = 0; r < count; r++) {
    sums[r] = _mm512_reduce_add_epi32(
        _mm512_add_epi32(low[r], _mm512_srai_epi32(high[r], 4)));
  }
}

// ---- What is around them

#define VEC __m512
#define VEC_LANES 16
#define VEC_TARGET AVX512
#define VEC_LOAD(at) _mm512_loadu_ps(at)
#define VEC_STORE(at, v) _mm512_storeu_ps(at, v)
#define VEC_ADD(a, b) _mm512_add_ps(a, b)
#define VEC_SUB(a, b) _mm512_sub_ps(a, b)
#define VEC_MUL(a, b) _mm512_mul_ps(a, b)
#define VEC_ALL(value) _mm512_set1_ps(value)
#include "shared.h"

// ---- Table

// Conversions to double are slower in the wider registers (Zen 4: 173 ns for 1536 against 107).
static const vk_table avx512 = {
    "avx512", vk_dot_f64_avx2, rotate, encode, quantize_query, scan, select_rows, fine_dots,
    &vk_encoder_avx512,
};

const vk_table *vk_avx512_table(void) {
  // These look at what the operating system saves, too.
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
                 && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")
                 && __builtin_cpu_supports("avx512vbmi")
                 && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx2")
                 && __builtin_cpu_supports("fma") && __builtin_cpu_supports("popcnt")
                 && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")
             ? &avx512
             : NULL;
}

#else

const vk_table *vk_avx512_table(void) { return NULL; }

#endif
