// The portable kernels over codes, and the reference for their variants: plain C. The contracts
// stand in the header.

#include "CVectorKernels.h"

#include <math.h>
#include <string.h>

#include "variants.h"

#pragma STDC FP_CONTRACT OFF

static uint64_t rotate_left(uint64_t x, int n) { return x << n | x >> (64 - n); }

uint64_t vk_checksum(const void *bytes, size_t count, uint64_t seed) {
  const uint64_t prime = 0x9E3779B185EBCA87u;
  const unsigned char *at = bytes;
  uint64_t lanes[8];
  for (size_t l = 0; l < 8; l++) lanes[l] = (seed + l) * prime;
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    for (size_t l = 0; l < 8; l++) {
      uint64_t word;
      memcpy(&word, at + i + 8 * l, 8);
      lanes[l] = rotate_left(lanes[l] ^ word, 29) * prime;
    }
  }
  for (size_t l = 0; i < count; l++, i += 8) {
    uint64_t word = 0;
    memcpy(&word, at + i, count - i < 8 ? count - i : 8);
    lanes[l] = rotate_left(lanes[l] ^ word, 29) * prime;
  }
  uint64_t h = count;
  for (size_t l = 0; l < 8; l++) h = rotate_left(h ^ lanes[l], 29) * prime;
  return h ^ h >> 32;
}

static void hadamard(float *x, size_t length) {
  for (size_t half = 1; half < length; half *= 2) {
    for (size_t start = 0; start < length; start += 2 * half) {
      for (size_t i = start; i < start + half; i++) {
        float a = x[i], b = x[i + half];
        x[i] = a + b;
        x[i + half] = a - b;
      }
    }
  }
}

void vk_rotate_portable(float *x, size_t p, const uint64_t *signs, size_t rounds) {
  const size_t length = p & (~p + 1), blocks = p / length;
  const float scale = 1.0f / sqrtf((float)length), reflect = 2.0f / (float)blocks;
  for (size_t round = 0; round < rounds; round++, signs += p / 64) {
    for (size_t i = 0; i < p; i++) {
      const float sign = signs[i / 64] >> (i % 64) & 1 ? -scale : scale;
      x[i] *= sign;
    }
    for (size_t b = 0; b < blocks; b++) hadamard(x + b * length, length);
    if (blocks == 1) continue;
    for (size_t j = 0; j < length; j++) {
      float sum = 0;
      for (size_t b = 0; b < blocks; b++) sum += x[b * length + j];
      for (size_t b = 0; b < blocks; b++) x[b * length + j] -= reflect * sum;
    }
  }
}

void vk_encode_portable(
    const float *y, size_t p, uint8_t *bits, uint8_t *fine, vk_encoded *out) {
  float squares = 0, abs_sum = 0;
  for (size_t w = 0; w < p / 64; w++) {
    uint64_t word = 0;
    for (size_t b = 0; b < 64; b++) {
      const float v = y[w * 64 + b];
      word |= (uint64_t)(v >= 0) << b;
      squares += v * v;
      abs_sum += fabsf(v);
    }
    for (size_t b = 0; b < 8; b++) bits[8 * w + b] = (uint8_t)(word >> (8 * b));
  }
  const float norm = sqrtf(squares), root = sqrtf((float)p);
  const float to_steps = norm > 0 ? root / (norm * VK_FINE_STEP) : 0;
  const float from_steps = VK_FINE_STEP / root;
  float fine_dot = 0, fine_squares = 0;
  memset(fine, 0, p / 2);
  for (size_t i = 0; i < p; i++) {
    float level = floorf(y[i] * to_steps + 8.0f);
    level = level > 0 ? level < 15 ? level : 15 : 0;  // not a number: 0
    const float z = (level - 7.5f) * from_steps;
    fine_dot += z * y[i];
    fine_squares += z * z;
    const uint8_t code = (uint8_t)level;
    if (i < p / 2) {
      fine[i] |= code;
    } else {
      fine[i - p / 2] |= (uint8_t)(code << 4);
    }
  }
  out->norm = norm;
  out->abs_sum = abs_sum;
  out->fine_dot = norm > 0 ? fine_dot : 0;
  out->fine_norm = norm > 0 ? sqrtf(fine_squares) : 0;
}

void vk_quantize_query_portable(
    const float *q, size_t p, int8_t *levels, int8_t *bytes, vk_quantized *out) {
  float squares = 0, largest = 0;
  for (size_t i = 0; i < p; i++) {
    squares += q[i] * q[i];
    largest = fabsf(q[i]) > largest ? fabsf(q[i]) : largest;
  }
  memset(levels, 0, p);
  memset(bytes, 0, p);
  memset(out, 0, sizeof *out);
  if (!(squares > 0)) return;
  const float norm = sqrtf(squares), step4 = 0.352f * norm / sqrtf((float)p);
  const float step8 = largest / 127.0f;
  const float per4 = 1.0f / step4, per8 = 1.0f / step8;
  float dot = 0, u_squares = 0, error8 = 0;
  for (size_t i = 0; i < p; i++) {
    float u = rintf(q[i] * per4);
    u = u > -7 ? u < 7 ? u : 7 : -7;  // not a number (of an infinite q_i): -7
    dot += q[i] * u;
    u_squares += u * u;
    out->sum4 += (int32_t)u;
    levels[i] = (int8_t)u;
    float w = rintf(q[i] * per8);
    w = w > -127 ? w < 127 ? w : 127 : -127;
    bytes[i] = (int8_t)w;
    out->sum8 += (int32_t)w;
    const float e = q[i] - step8 * w;
    error8 += e * e;
  }
  out->norm = norm;
  out->scale4 = dot > 0 ? squares / dot : step4;
  // |q - s u|^2 = |q|^2 - 2 s q.u + s^2 u.u
  const float error4 = squares - 2 * out->scale4 * dot + out->scale4 * out->scale4 * u_squares;
  out->error4 = sqrtf(error4 > 0 ? error4 : 0);
  out->scale8 = step8;
  out->error8 = sqrtf(error8);
}

int32_t vk_half_byte_tables(const int8_t *levels, size_t p, uint8_t *tables) {
  // Which of the entries 0...7, a byte each, have bit 0, 1 and 2 set.
  const uint64_t bit0 = 0x0100010001000100u, bit1 = 0x0101000001010000u;
  const uint64_t bit2 = 0x0101010100000000u, all = 0x0101010101010101u;
  int32_t added = 0;
  for (size_t i = 0; i < p; i += 4, tables += 16) {
    uint64_t u[4], negative = 0;
    for (size_t j = 0; j < 4; j++) {
      u[j] = (uint64_t)(int64_t)levels[i + j];
      if (levels[i + j] < 0) negative -= u[j];
    }
    // No byte of a sum is below 0 or above 28, so what the products borrow comes back.
    const uint64_t without = negative * all + u[0] * bit0 + u[1] * bit1 + u[2] * bit2;
    const uint64_t with = without + u[3] * all;
    for (size_t k = 0; k < 8; k++) {
      tables[k] = (uint8_t)(without >> (8 * k));
      tables[8 + k] = (uint8_t)(with >> (8 * k));
    }
    added += (int32_t)negative;
  }
  return added;
}

static void scan_tile(
    const uint8_t *code, size_t bytes, const uint8_t *tables, int32_t added, int adds,
    int32_t *sums) {
  uint16_t of_rows[VK_TILE] = {0};
  for (size_t b = 0; b < bytes; b++, code += VK_TILE, tables += 32) {
    for (size_t r = 0; r < VK_TILE; r++) {
      of_rows[r] += (uint16_t)(tables[code[r] & 15] + tables[16 + (code[r] >> 4)]);
    }
  }
  for (size_t r = 0; r < VK_TILE; r++) sums[r] = (adds ? sums[r] : 0) + of_rows[r] - added;
}

#define TABLE_BYTES HALF_BYTE_TABLES
#define make_tables vk_half_byte_tables
#define SCAN void vk_scan_portable
#include "scan.h"

// Where byte `b` of a row stands.
static size_t place(size_t b, size_t p, size_t rows, size_t row) {
  const size_t tiles = (rows + VK_TILE - 1) / VK_TILE, first = b / (VK_PART / 8) * (VK_PART / 8);
  const size_t bytes = p / 8 - first < VK_PART / 8 ? p / 8 - first : VK_PART / 8;
  return first * VK_TILE * tiles + (row / VK_TILE * bytes + b - first) * VK_TILE + row % VK_TILE;
}

void vk_put_code(const uint8_t *bits, size_t p, size_t rows, size_t row, uint8_t *codes) {
  for (size_t b = 0; b < p / 8; b++) codes[place(b, p, rows, row)] = bits[b];
}

void vk_get_code(const uint8_t *codes, size_t p, size_t rows, size_t row, uint8_t *bits) {
  for (size_t b = 0; b < p / 8; b++) bits[b] = codes[place(b, p, rows, row)];
}

size_t vk_select_portable(
    const int32_t *sums, const float *base, const float *scale, const float *error, size_t rows,
    const uint8_t *mask, const vk_selection *s, uint32_t *index, float *estimate,
    float *half_width) {
  size_t count = 0;
  for (size_t i = 0; i < rows; i++) {
    if (mask && !(mask[i / 8] >> (i % 8) & 1)) continue;
    const float value = s->offset + base[i] + scale[i] * s->unit * (float)(2 * sums[i] - s->sum);
    const float a = s->spread * error[i], b = s->rounding * scale[i];
    const float half = s->slack + sqrtf(a * a + b * b);
    if (value + half < s->threshold) continue;
    index[count] = (uint32_t)i;
    estimate[count] = value;
    half_width[count] = half;
    count++;
  }
  return count;
}

void vk_fine_dots_portable(
    const uint8_t *fine, size_t p, const uint32_t *rows, size_t count, const int8_t *bytes,
    int32_t *sums) {
  const size_t half = p / 2;
  for (size_t n = 0; n < count; n++) {
    const uint8_t *row = fine + (size_t)rows[n] * half;
    int32_t sum = 0;
    for (size_t j = 0; j < half; j++) {
      sum += (row[j] & 15) * bytes[j] + (row[j] >> 4) * bytes[half + j];
    }
    sums[n] = sum;
  }
}

static size_t count_bits(const uint8_t *mask, size_t rows) {
  const size_t bytes = (rows + 7) / 8;
  size_t count = 0, i = 0;
  for (; i + 8 <= bytes; i += 8) {
    uint64_t word;
    memcpy(&word, mask + i, 8);
    count += (size_t)__builtin_popcountll(word);
  }
  for (; i < bytes; i++) count += (size_t)__builtin_popcount(mask[i]);
  return count;
}

static inline uint8_t equal_bits(const uint32_t *values, size_t rows, uint32_t key) {
  unsigned bits = 0;
  for (size_t r = 0; r < rows; r++) bits |= (unsigned)(values[r] == key) << r;
  return (uint8_t)bits;
}

size_t vk_mask_equal(uint8_t *mask, const uint32_t *values, size_t rows, uint32_t key) {
  size_t i = 0;  // whole bytes first, whose loop the compiler can unroll
  for (; i + 8 <= rows; i += 8) {
    mask[i / 8] &= equal_bits(values + i, 8, key);
  }
  if (i < rows) mask[i / 8] &= equal_bits(values + i, rows - i, key);
  return count_bits(mask, rows);
}

static inline uint8_t member_bits(
    const int64_t *ids, size_t rows, const uint64_t *set, int64_t first, size_t count) {
  unsigned bits = 0;
  for (size_t r = 0; r < rows; r++) {
    const uint64_t at = (uint64_t)ids[r] - (uint64_t)first;
    if (at < count) bits |= ((unsigned)(set[at / 64] >> (at % 64)) & 1) << r;
  }
  return (uint8_t)bits;
}

// As member_bits for 8 rows, faster where its ids follow each other, as those of rows that
// were placed together do.
static inline uint8_t eight_member_bits(
    const int64_t *ids, const uint64_t *set, int64_t first, size_t count) {
  uint64_t differ = 0;
  for (size_t r = 0; r < 8; r++) differ |= ((uint64_t)ids[r] - (uint64_t)ids[0]) ^ r;
  const uint64_t at = (uint64_t)ids[0] - (uint64_t)first;
  if (differ || at >= count || count - at < 8) {
    return member_bits(ids, 8, set, first, count);
  }
  const size_t word = at / 64, shift = at % 64;
  uint64_t bits = set[word] >> shift;
  if (shift > 64 - 8) bits |= set[word + 1] << (64 - shift);
  return (uint8_t)bits;
}

size_t vk_mask_members(
    uint8_t *mask, const int64_t *ids, size_t rows, const uint64_t *set, int64_t first,
    size_t count) {
  size_t i = 0;
  for (; i + 8 <= rows; i += 8) {
    uint8_t *bits = mask + i / 8;
    if (*bits) *bits &= eight_member_bits(ids + i, set, first, count);
  }
  if (i < rows) mask[i / 8] &= member_bits(ids + i, rows - i, set, first, count);
  return count_bits(mask, rows);
}
