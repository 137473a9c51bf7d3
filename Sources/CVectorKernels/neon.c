// The kernels for NEON, which every 64-bit ARM processor has: Apple's and others'. The contracts
// stand in the header; where it says "the same bits", the order of operations is that of the
// portable kernels.

#include "variants.h"

#if defined(__aarch64__) && !defined(__AARCH64EB__)

#include <arm_neon.h>
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define NEON_INLINE static inline __attribute__((always_inline))

// ---- Sums

static double dot_f64(const float *a, const float *b, size_t count) {
  float64x2_t sums[8];
  for (size_t k = 0; k < 8; k++) sums[k] = vdupq_n_f64(0);
  size_t i = 0;
  for (; i + VK_LANES <= count; i += VK_LANES) {
    for (size_t k = 0; k < 4; k++) {
      const float32x4_t x = vld1q_f32(a + i + 4 * k), y = vld1q_f32(b + i + 4 * k);
      sums[2 * k] = vfmaq_f64(
          sums[2 * k], vcvt_f64_f32(vget_low_f32(x)), vcvt_f64_f32(vget_low_f32(y)));
      sums[2 * k + 1] =
          vfmaq_f64(sums[2 * k + 1], vcvt_high_f64_f32(x), vcvt_high_f64_f32(y));
    }
  }
  if (i < count) {
    double lanes[VK_LANES];
    for (size_t k = 0; k < 8; k++) vst1q_f64(lanes + 2 * k, sums[k]);
    for (size_t l = 0; i + l < count; l++) lanes[l] += (double)a[i + l] * (double)b[i + l];
    for (size_t k = 0; k < 8; k++) sums[k] = vld1q_f64(lanes + 2 * k);
  }
  for (size_t half = 4; half > 0; half /= 2) {
    for (size_t k = 0; k < half; k++) sums[k] = vaddq_f64(sums[k], sums[k + half]);
  }
  return vgetq_lane_f64(sums[0], 0) + vgetq_lane_f64(sums[0], 1);
}

NEON_INLINE float total(const float32x4_t v[4]) {
  return vaddvq_f32(vaddq_f32(vaddq_f32(v[0], v[1]), vaddq_f32(v[2], v[3])));
}

// ---- Rotation

// The stages between the 4 lanes of one vector: the partner in each pair, plus or minus the number
// itself; a product by 1 or -1 rounds nothing.
NEON_INLINE float32x4_t stages_in_lanes(float32x4_t y) {
  const float32x4_t odd1 = {1, -1, 1, -1}, odd2 = {1, 1, -1, -1};
  y = vfmaq_f32(vrev64q_f32(y), y, odd1);
  return vfmaq_f32(vextq_f32(y, y, 2), y, odd2);
}

// Negates and scales 64 neighbours and takes them through the first 6 stages.
static void first_pass(float *x, uint64_t signs, float scale) {
  const int32x4_t to_sign = {31, 30, 29, 28};
  const uint32x4_t factor = vreinterpretq_u32_f32(vdupq_n_f32(scale));
  const uint32x4_t sign_bit = vdupq_n_u32(0x80000000u);
  float32x4_t v[16];
  for (size_t k = 0; k < 16; k++) {
    const uint32x4_t bits = vdupq_n_u32((uint32_t)(signs >> (4 * k) & 15));
    const uint32x4_t sign = vandq_u32(vshlq_u32(bits, to_sign), sign_bit);
    const float32x4_t signed_factor = vreinterpretq_f32_u32(veorq_u32(factor, sign));
    v[k] = stages_in_lanes(vmulq_f32(vld1q_f32(x + 4 * k), signed_factor));
  }
  for (size_t half = 1; half < 16; half *= 2) {
    for (size_t k = 0; k < 16; k++) {
      if (k & half) continue;
      const float32x4_t sum = vaddq_f32(v[k], v[k + half]);
      v[k + half] = vsubq_f32(v[k], v[k + half]);
      v[k] = sum;
    }
  }
  for (size_t k = 0; k < 16; k++) vst1q_f32(x + 4 * k, v[k]);
}

// ---- Codes

// The low bytes of 16 numbers.
NEON_INLINE uint8x16_t narrowed(const uint32x4_t v[4]) {
  const uint16x8_t low = vcombine_u16(vmovn_u32(v[0]), vmovn_u32(v[1]));
  const uint16x8_t high = vcombine_u16(vmovn_u32(v[2]), vmovn_u32(v[3]));
  return vcombine_u8(vmovn_u16(low), vmovn_u16(high));
}

// Writes a bit for each of 16 bytes that are all ones or all zeros, as 2 bytes of a row's code.
NEON_INLINE void put_bits(uint8_t *bits, uint8x16_t bytes) {
  const uint8x16_t places = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t placed = vandq_u8(bytes, places);
  bits[0] = vaddv_u8(vget_low_u8(placed));
  bits[1] = vaddv_u8(vget_high_u8(placed));
}

// The levels of 4 components; the product is not fused, so as to round as the portable kernel does.
NEON_INLINE float32x4_t fine_levels(float32x4_t y, float32x4_t to_steps) {
  const float32x4_t level = vrndmq_f32(vaddq_f32(vmulq_f32(y, to_steps), vdupq_n_f32(8)));
  // Of a number and NaN, maxnm gives the number.
  return vminq_f32(vmaxnmq_f32(level, vdupq_n_f32(0)), vdupq_n_f32(15));
}

static float encode_bits(const float *y, size_t p, uint8_t *bits, vk_encoded *out) {
  float32x4_t squares[4], sums[4];
  for (size_t k = 0; k < 4; k++) squares[k] = sums[k] = vdupq_n_f32(0);
  for (size_t i = 0; i < p; i += 16) {
    uint32x4_t set[4];
    for (size_t k = 0; k < 4; k++) {
      const float32x4_t v = vld1q_f32(y + i + 4 * k);
      set[k] = vcgezq_f32(v);
      squares[k] = vfmaq_f32(squares[k], v, v);
      sums[k] = vaddq_f32(sums[k], vabsq_f32(v));
    }
    put_bits(bits + i / 8, narrowed(set));
  }
  out->abs_sum = total(sums);
  return sqrtf(total(squares));
}

static void encode(const float *y, size_t p, uint8_t *bits, uint8_t *fine, vk_encoded *out) {
  const float norm = encode_bits(y, p, bits, out), root = sqrtf((float)p);
  const float from_steps = VK_FINE_STEP / root;
  const float32x4_t to_steps = vdupq_n_f32(norm > 0 ? root / (norm * VK_FINE_STEP) : 0);
  float32x4_t dots[4], squares[4];
  for (size_t k = 0; k < 4; k++) dots[k] = squares[k] = vdupq_n_f32(0);
  const size_t half = p / 2;
  for (size_t i = 0; i < half; i += 16) {
    uint8x16_t codes[2];
    for (size_t h = 0; h < 2; h++) {
      uint32x4_t levels[4];
      for (size_t k = 0; k < 4; k++) {
        const float32x4_t v = vld1q_f32(y + h * half + i + 4 * k);
        const float32x4_t level = fine_levels(v, to_steps);
        const float32x4_t z = vsubq_f32(level, vdupq_n_f32(7.5f));
        dots[k] = vfmaq_f32(dots[k], z, v);
        squares[k] = vfmaq_f32(squares[k], z, z);
        levels[k] = vcvtq_u32_f32(level);
      }
      codes[h] = narrowed(levels);
    }
    vst1q_u8(fine + i, vorrq_u8(codes[0], vshlq_n_u8(codes[1], 4)));
  }
  out->norm = norm;
  out->fine_dot = norm > 0 ? total(dots) * from_steps : 0;
  out->fine_norm = norm > 0 ? sqrtf(total(squares)) * from_steps : 0;
}

// ---- Queries

// The sum of squares, and the largest size of a component.
static float measure(const float *q, size_t p, float *largest) {
  float32x4_t squares[4], most = vdupq_n_f32(0);
  for (size_t k = 0; k < 4; k++) squares[k] = vdupq_n_f32(0);
  for (size_t i = 0; i < p; i += 16) {
    for (size_t k = 0; k < 4; k++) {
      const float32x4_t v = vld1q_f32(q + i + 4 * k);
      squares[k] = vfmaq_f32(squares[k], v, v);
      most = vmaxq_f32(most, vabsq_f32(v));
    }
  }
  *largest = vmaxvq_f32(most);
  return total(squares);
}

NEON_INLINE float32x4_t rounded(float32x4_t q, float per, float limit) {
  const float32x4_t whole = vrndnq_f32(vmulq_n_f32(q, per));
  return vminq_f32(vmaxnmq_f32(whole, vdupq_n_f32(-limit)), vdupq_n_f32(limit));
}

// u_i. Gives the sums of q_i u_i, u_i^2 and u_i.
static void quantize4(
    const float *q, size_t p, float per, int8_t *levels, float *dot, float *squares, int32_t *sum) {
  float32x4_t dots[4], square[4];
  for (size_t k = 0; k < 4; k++) dots[k] = square[k] = vdupq_n_f32(0);
  *sum = 0;
  for (size_t i = 0; i < p; i += 16) {
    uint32x4_t codes[4];
    for (size_t k = 0; k < 4; k++) {
      const float32x4_t v = vld1q_f32(q + i + 4 * k), u = rounded(v, per, 7);
      dots[k] = vfmaq_f32(dots[k], v, u);
      square[k] = vfmaq_f32(square[k], u, u);
      codes[k] = vreinterpretq_u32_s32(vcvtq_s32_f32(u));
    }
    const int8x16_t bytes = vreinterpretq_s8_u8(narrowed(codes));
    *sum += vaddlvq_s8(bytes);
    vst1q_s8(levels + i, bytes);
  }
  *dot = total(dots);
  *squares = total(square);
}

// w_i. Returns the sum of the squared errors and gives the sum of w_i.
static float quantize8(const float *q, size_t p, float step, int8_t *bytes, int32_t *sum) {
  const float per = 1.0f / step;
  float32x4_t errors[4];
  for (size_t k = 0; k < 4; k++) errors[k] = vdupq_n_f32(0);
  *sum = 0;
  for (size_t i = 0; i < p; i += 16) {
    uint32x4_t codes[4];
    for (size_t k = 0; k < 4; k++) {
      const float32x4_t v = vld1q_f32(q + i + 4 * k), w = rounded(v, per, 127);
      const float32x4_t error = vsubq_f32(v, vmulq_n_f32(w, step));
      errors[k] = vfmaq_f32(errors[k], error, error);
      codes[k] = vreinterpretq_u32_s32(vcvtq_s32_f32(w));
    }
    const int8x16_t whole = vreinterpretq_s8_u8(narrowed(codes));
    *sum += vaddlvq_s8(whole);
    vst1q_s8(bytes + i, whole);
  }
  return total(errors);
}

// ---- Scan

// Adds the sums of 16 rows, less what the tables have been raised by, to what is there; or to nothing.
NEON_INLINE void finish_sums(
    uint16x8_t low, uint16x8_t high, int32_t added, int adds, int32_t *sums) {
  const uint32x4_t rows[4] = {
      vmovl_u16(vget_low_u16(low)), vmovl_high_u16(low), vmovl_u16(vget_low_u16(high)),
      vmovl_high_u16(high)};
  for (size_t k = 0; k < 4; k++, sums += 4) {
    const int32x4_t before = adds ? vld1q_s32(sums) : vdupq_n_s32(0);
    const int32x4_t less = vsubq_s32(vreinterpretq_s32_u32(rows[k]), vdupq_n_s32(added));
    vst1q_s32(sums, vaddq_s32(before, less));
  }
}

#define TABLE_BYTES HALF_BYTE_TABLES
#define make_tables vk_half_byte_tables

// The sums of one tile over one part, 16 rows a register, looked up for half a byte at a time and
// added up in bytes, and these in 16 bits.
static void scan_tile(
    const uint8_t *code, size_t bytes, const uint8_t *tables, int32_t added, int adds,
    int32_t *sums) {
  uint16x8_t low[4], high[4];
  for (size_t r = 0; r < 4; r++) low[r] = high[r] = vdupq_n_u16(0);
  for (size_t b = 0; b < bytes; b += 4) {
    // At most 8 * 28: they fit a byte.
    uint8x16_t four[4];
    for (size_t r = 0; r < 4; r++) four[r] = vdupq_n_u8(0);
    for (size_t k = 0; k < 4; k++, code += VK_TILE, tables += 32) {
      const uint8x16_t table0 = vld1q_u8(tables), table1 = vld1q_u8(tables + 16);
      for (size_t r = 0; r < 4; r++) {
        const uint8x16_t bits = vld1q_u8(code + 16 * r);
        four[r] = vaddq_u8(four[r], vqtbl1q_u8(table0, vandq_u8(bits, vdupq_n_u8(15))));
        four[r] = vaddq_u8(four[r], vqtbl1q_u8(table1, vshrq_n_u8(bits, 4)));
      }
    }
    for (size_t r = 0; r < 4; r++) {
      low[r] = vaddw_u8(low[r], vget_low_u8(four[r]));
      high[r] = vaddw_high_u8(high[r], four[r]);
    }
  }
  for (size_t r = 0; r < 4; r++) finish_sums(low[r], high[r], added, adds, sums + 16 * r);
}

// ---- Selection

// Estimates and half widths of 4 rows. Gives ones where they reach the threshold.
NEON_INLINE uint32x4_t reaching(
    const int32_t *sums, const float *base, const float *scale, const float *error,
    const vk_selection *s, float *estimate, float *half_width) {
  const float32x4_t scales = vld1q_f32(scale);
  const int32x4_t doubled = vsubq_s32(vshlq_n_s32(vld1q_s32(sums), 1), vdupq_n_s32(s->sum));
  const float32x4_t value = vaddq_f32(
      vaddq_f32(vdupq_n_f32(s->offset), vld1q_f32(base)),
      vmulq_f32(vmulq_n_f32(scales, s->unit), vcvtq_f32_s32(doubled)));
  const float32x4_t a = vmulq_n_f32(vld1q_f32(error), s->spread);
  const float32x4_t b = vmulq_n_f32(scales, s->rounding);
  const float32x4_t half = vaddq_f32(
      vdupq_n_f32(s->slack), vsqrtq_f32(vaddq_f32(vmulq_f32(a, a), vmulq_f32(b, b))));
  vst1q_f32(estimate, value);
  vst1q_f32(half_width, half);
  return vmvnq_u32(vcltq_f32(vaddq_f32(value, half), vdupq_n_f32(s->threshold)));
}

// Rows whose bits are one byte of a mask.
#define ROWS_OF_A_BYTE 8

static size_t select_rows(
    const int32_t *sums, const float *base, const float *scale, const float *error, size_t rows,
    const uint8_t *mask, const vk_selection *s, uint32_t *index, float *estimate,
    float *half_width) {
  const uint16x8_t places = {1, 2, 4, 8, 16, 32, 64, 128};
  size_t count = 0;
  for (size_t i = 0; i + ROWS_OF_A_BYTE <= rows; i += ROWS_OF_A_BYTE) {
    const unsigned lanes = mask ? mask[i / ROWS_OF_A_BYTE] : 255;
    if (!lanes) continue;
    float value[ROWS_OF_A_BYTE], half[ROWS_OF_A_BYTE];
    const uint32x4_t low = reaching(sums + i, base + i, scale + i, error + i, s, value, half);
    const uint32x4_t high = reaching(
        sums + i + 4, base + i + 4, scale + i + 4, error + i + 4, s, value + 4, half + 4);
    const uint16x8_t both = vcombine_u16(vmovn_u32(low), vmovn_u32(high));
    for (unsigned kept = vaddvq_u16(vandq_u16(both, places)) & lanes; kept; kept &= kept - 1) {
      const size_t row = (size_t)__builtin_ctz(kept);
      index[count] = (uint32_t)(i + row);
      estimate[count] = value[row];
      half_width[count] = half[row];
      count++;
    }
  }
  const size_t done = rows / ROWS_OF_A_BYTE * ROWS_OF_A_BYTE;
  const size_t last = vk_select_portable(
      sums + done, base + done, scale + done, error + done, rows - done,
      mask ? mask + done / ROWS_OF_A_BYTE : NULL, s, index + count, estimate + count,
      half_width + count);
  for (size_t n = 0; n < last; n++) index[count + n] += (uint32_t)done;
  return count + last;
}

// ---- Fine codes

NEON_INLINE void fine_group(
    const uint8_t *const *at, const uint8_t *const *ahead, const size_t count, size_t half,
    const int8_t *bytes, int32_t *sums) {
  int32x4_t totals[FINE_ROWS];
  for (size_t r = 0; r < count; r++) totals[r] = vdupq_n_s32(0);
  for (size_t j = 0; j < half;) {
    // A product is at most 15 * 128 in size, so that 16 of them fit 16 bits.
    int16x8_t low[FINE_ROWS], high[FINE_ROWS];
    for (size_t r = 0; r < count; r++) low[r] = high[r] = vdupq_n_s16(0);
    for (const size_t end = half - j < 128 ? half : j + 128; j < end; j += 16) {
      const int8x16_t bytes0 = vld1q_s8(bytes + j), bytes1 = vld1q_s8(bytes + half + j);
      for (size_t r = 0; r < count; r++) {
        if (j % 64 == 0) __builtin_prefetch(ahead[r] + j, 0, 2);
        const uint8x16_t codes = vld1q_u8(at[r] + j);
        const int8x16_t codes0 = vreinterpretq_s8_u8(vandq_u8(codes, vdupq_n_u8(15)));
        const int8x16_t codes1 = vreinterpretq_s8_u8(vshrq_n_u8(codes, 4));
        low[r] = vmlal_s8(low[r], vget_low_s8(codes0), vget_low_s8(bytes0));
        high[r] = vmlal_high_s8(high[r], codes0, bytes0);
        low[r] = vmlal_s8(low[r], vget_low_s8(codes1), vget_low_s8(bytes1));
        high[r] = vmlal_high_s8(high[r], codes1, bytes1);
      }
    }
    for (size_t r = 0; r < count; r++) {
      totals[r] = vpadalq_s16(vpadalq_s16(totals[r], low[r]), high[r]);
    }
  }
  for (size_t r = 0; r < count; r++) sums[r] = vaddvq_s32(totals[r]);
}

// ---- What is around them

#define VEC float32x4_t
#define VEC_LANES 4
#define VEC_TARGET
#define VEC_LOAD(at) vld1q_f32(at)
#define VEC_STORE(at, v) vst1q_f32(at, v)
#define VEC_ADD(a, b) vaddq_f32(a, b)
#define VEC_SUB(a, b) vsubq_f32(a, b)
#define VEC_MUL(a, b) vmulq_f32(a, b)
#define VEC_ALL(value) vdupq_n_f32(value)
#include "shared.h"

// ---- Table

static const vk_table neon = {
    "neon", dot_f64, rotate, encode, quantize_query, scan, select_rows, fine_dots,
    &vk_encoder_portable,
};

const vk_table *vk_neon_table(void) { return &neon; }

#else

const vk_table *vk_neon_table(void) { return NULL; }

#endif
