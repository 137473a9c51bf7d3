// The arithmetic of a transformer encoder, written once with vectors of ENCODER_LANES floats and compiled
// for one instruction set. Included by encoder.c, which first defines ENCODER_LANES, ENCODER_ROWS (the
// rows of a tile, as many as the registers hold) and ENCODER_NAME, what a function is called.

#define LANES ENCODER_LANES
#define ROWS ENCODER_ROWS
#define INLINE static inline __attribute__((always_inline))
#define VECTOR ENCODER_NAME(vector)
#define WHOLE ENCODER_NAME(whole)
#define FOUR ENCODER_NAME(four)

typedef float VECTOR __attribute__((vector_size(LANES * 4), aligned(4)));
typedef int32_t WHOLE __attribute__((vector_size(LANES * 4)));
typedef float FOUR __attribute__((vector_size(16), aligned(4)));

INLINE VECTOR ENCODER_NAME(load)(const float *from) { return *(const VECTOR *)from; }

INLINE void ENCODER_NAME(store)(float *to, VECTOR v) { *(VECTOR *)to = v; }

// The first `count` floats, below LANES, and zeros after them.
INLINE VECTOR ENCODER_NAME(load_some)(const float *from, size_t count) {
  VECTOR v = {0};
  memcpy(&v, from, count * sizeof(float));
  return v;
}

INLINE VECTOR ENCODER_NAME(all)(float value) { return (VECTOR){0} + value; }

INLINE float ENCODER_NAME(sum)(VECTOR v) {
  for (int half = LANES / 2; half > 0; half /= 2) {
    for (int lane = 0; lane < half; lane++) v[lane] += v[lane + half];
  }
  return v[0];
}

// The sums of four vectors, as four floats: two rounds of interleaving leave in each group of 4 lanes a part
// of each sum, and the groups are added.
INLINE FOUR ENCODER_NAME(sums)(VECTOR a, VECTOR b, VECTOR c, VECTOR d) {
#if ENCODER_LANES == 16
#define LOW 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29
#define HIGH 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31
#define FRONT 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define BACK 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#elif ENCODER_LANES == 8
#define LOW 0, 8, 1, 9, 4, 12, 5, 13
#define HIGH 2, 10, 3, 11, 6, 14, 7, 15
#define FRONT 0, 1, 8, 9, 4, 5, 12, 13
#define BACK 2, 3, 10, 11, 6, 7, 14, 15
#else
#define LOW 0, 4, 1, 5
#define HIGH 2, 6, 3, 7
#define FRONT 0, 1, 4, 5
#define BACK 2, 3, 6, 7
#endif
  const VECTOR ab = __builtin_shufflevector(a, b, LOW) + __builtin_shufflevector(a, b, HIGH);
  const VECTOR cd = __builtin_shufflevector(c, d, LOW) + __builtin_shufflevector(c, d, HIGH);
  const VECTOR all = __builtin_shufflevector(ab, cd, FRONT) + __builtin_shufflevector(ab, cd, BACK);
#undef LOW
#undef HIGH
#undef FRONT
#undef BACK
#if ENCODER_LANES == 16
  return (__builtin_shufflevector(all, all, 0, 1, 2, 3) + __builtin_shufflevector(all, all, 8, 9, 10, 11))
         + (__builtin_shufflevector(all, all, 4, 5, 6, 7)
            + __builtin_shufflevector(all, all, 12, 13, 14, 15));
#elif ENCODER_LANES == 8
  return __builtin_shufflevector(all, all, 0, 1, 2, 3) + __builtin_shufflevector(all, all, 4, 5, 6, 7);
#else
  return all;
#endif
}

// e to the power of each component, to a few units in the last place; 0 from about -87 down.
// Cody and Waite's reduction: x = n ln 2 + r, and a polynomial in r (Cephes' expf).
INLINE VECTOR ENCODER_NAME(exponential)(VECTOR x) {
  const float magic = 12582912.0f;  // 1.5 · 2^23: adding it rounds to a whole number
  x = __builtin_elementwise_max(x, ENCODER_NAME(all)(-87.0f));
  x = __builtin_elementwise_min(x, ENCODER_NAME(all)(88.0f));
  const VECTOR n = (x * 1.44269504088896341f + magic) - magic;
  const VECTOR r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  VECTOR p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  const WHOLE power = (__builtin_convertvector(n, WHOLE) + 127) << 23;
  return p * (VECTOR)power;
}

// ---- Products of rows with rows: y = x wᵀ + bias

// A tile of `rows` rows of x and four of w, over `inputs` of their columns; adds to what y holds unless `bias`
// says what to begin with. Each product's order of summation is the same in every tile.
INLINE void ENCODER_NAME(linear_tile)(
    const size_t rows, const float *x, size_t x_stride, const float *w, size_t w_stride,
    size_t inputs, const float *bias, float *y, size_t y_stride) {
  VECTOR sums[ROWS][4];
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < 4; c++) sums[r][c] = (VECTOR){0};
  }
  size_t k = 0;
  for (; k + LANES <= inputs; k += LANES) {
    VECTOR left[ROWS];
    for (size_t r = 0; r < rows; r++) left[r] = ENCODER_NAME(load)(x + r * x_stride + k);
    for (size_t c = 0; c < 4; c++) {
      const VECTOR right = ENCODER_NAME(load)(w + c * w_stride + k);
      for (size_t r = 0; r < rows; r++) sums[r][c] += left[r] * right;
    }
  }
  if (k < inputs) {
    for (size_t c = 0; c < 4; c++) {
      const VECTOR right = ENCODER_NAME(load_some)(w + c * w_stride + k, inputs - k);
      for (size_t r = 0; r < rows; r++) {
        sums[r][c] += ENCODER_NAME(load_some)(x + r * x_stride + k, inputs - k) * right;
      }
    }
  }
  for (size_t r = 0; r < rows; r++) {
    const FOUR four = ENCODER_NAME(sums)(sums[r][0], sums[r][1], sums[r][2], sums[r][3]);
    FOUR *out = (FOUR *)(y + r * y_stride);
    *out = four + (bias ? *(const FOUR *)bias : *out);
  }
}

// The columns that are summed at once, so that a tile's rows stay in the first cache.
#define PART 768
// The floats of x, and of w, that stay in the second cache.
#define LEFT_FLOATS 131072
#define RIGHT_FLOATS 65536

static void ENCODER_NAME(vk_linear)(
    const float *x, size_t x_stride, size_t rows, const float *w, const float *bias, size_t inputs,
    size_t outputs, float *y, size_t y_stride) {
  const size_t part = inputs < PART ? inputs : PART;
  const size_t block = RIGHT_FLOATS / part / 4 * 4, chunk = LEFT_FLOATS / part / ROWS * ROWS;
  for (size_t start = 0; start < rows; start += chunk) {
    const size_t end = start + chunk < rows ? start + chunk : rows;
    for (size_t k = 0; k < inputs; k += part) {
      const size_t columns = k + part < inputs ? part : inputs - k;
      for (size_t first = 0; first < outputs; first += block) {
        const size_t last = first + block < outputs ? first + block : outputs;
        for (size_t t = start; t < end; t += ROWS) {
          const float *left = x + t * x_stride + k;
          float *out = y + t * y_stride;
          for (size_t n = first; n < last; n += 4) {
            const float *right = w + n * inputs + k;
            const float *begin = k == 0 ? bias + n : NULL;
#define TILE(count) \
  ENCODER_NAME(linear_tile)(count, left, x_stride, right, inputs, columns, begin, out + n, y_stride)
            switch (end - t) {
              case 1: TILE(1); break;
              case 2: TILE(2); break;
#if ENCODER_ROWS > 3
              case 3: TILE(3); break;
              case 4: TILE(4); break;
              case 5: TILE(5); break;
#endif
              default: TILE(ROWS);
            }
#undef TILE
          }
        }
      }
    }
  }
}

#undef PART
#undef LEFT_FLOATS
#undef RIGHT_FLOATS

// ---- Sums of rows: y = p v

INLINE void ENCODER_NAME(combine_tile)(
    const size_t rows, const size_t vectors, const float *p, size_t p_stride, size_t inner,
    const float *v, size_t v_stride, float *y, size_t y_stride) {
  VECTOR sums[ROWS][4];
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < vectors; c++) sums[r][c] = (VECTOR){0};
  }
  for (size_t k = 0; k < inner; k++) {
    VECTOR right[4];
    for (size_t c = 0; c < vectors; c++) right[c] = ENCODER_NAME(load)(v + k * v_stride + c * LANES);
    for (size_t r = 0; r < rows; r++) {
      const float left = p[r * p_stride + k];
      for (size_t c = 0; c < vectors; c++) sums[r][c] += left * right[c];
    }
  }
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < vectors; c++) ENCODER_NAME(store)(y + r * y_stride + c * LANES, sums[r][c]);
  }
}

INLINE void ENCODER_NAME(combine_rows)(
    const size_t rows, const float *p, size_t p_stride, size_t inner, const float *v, size_t v_stride,
    size_t columns, float *y, size_t y_stride) {
  size_t n = 0;
#if ENCODER_ROWS > 3
  for (; n + 4 * LANES <= columns; n += 4 * LANES) {
    ENCODER_NAME(combine_tile)(rows, 4, p, p_stride, inner, v + n, v_stride, y + n, y_stride);
  }
#endif
  for (; n + 2 * LANES <= columns; n += 2 * LANES) {
    ENCODER_NAME(combine_tile)(rows, 2, p, p_stride, inner, v + n, v_stride, y + n, y_stride);
  }
  for (; n + LANES <= columns; n += LANES) {
    ENCODER_NAME(combine_tile)(rows, 1, p, p_stride, inner, v + n, v_stride, y + n, y_stride);
  }
  for (; n < columns; n++) {
    for (size_t r = 0; r < rows; r++) {
      float sum = 0;
      for (size_t k = 0; k < inner; k++) sum += p[r * p_stride + k] * v[k * v_stride + n];
      y[r * y_stride + n] = sum;
    }
  }
}

static void ENCODER_NAME(vk_combine)(
    const float *p, size_t p_stride, size_t rows, size_t inner, const float *v, size_t v_stride,
    size_t columns, float *y, size_t y_stride) {
  size_t t = 0;
  for (; t + ROWS <= rows; t += ROWS) {
    ENCODER_NAME(combine_rows)(
        ROWS, p + t * p_stride, p_stride, inner, v, v_stride, columns, y + t * y_stride, y_stride);
  }
  for (; t < rows; t++) {
    ENCODER_NAME(combine_rows)(
        1, p + t * p_stride, p_stride, inner, v, v_stride, columns, y + t * y_stride, y_stride);
  }
}

// ---- What is done to each row

static void ENCODER_NAME(vk_softmax)(float *x, size_t stride, size_t rows, size_t count, float scale) {
  for (size_t t = 0; t < rows; t++) {
    float *row = x + t * stride;
    float most = row[0];
    size_t i = 0;
    if (count >= LANES) {
      VECTOR mosts = ENCODER_NAME(load)(row);
      for (; i + LANES <= count; i += LANES) {
        mosts = __builtin_elementwise_max(mosts, ENCODER_NAME(load)(row + i));
      }
      for (int lane = 0; lane < LANES; lane++) most = mosts[lane] > most ? mosts[lane] : most;
    }
    for (; i < count; i++) most = row[i] > most ? row[i] : most;
    VECTOR sums = {0};
    i = 0;
    for (; i + LANES <= count; i += LANES) {
      const VECTOR e = ENCODER_NAME(exponential)((ENCODER_NAME(load)(row + i) - most) * scale);
      sums += e;
      ENCODER_NAME(store)(row + i, e);
    }
    float total = ENCODER_NAME(sum)(sums);
    if (i < count) {
      const VECTOR e =
          ENCODER_NAME(exponential)((ENCODER_NAME(load_some)(row + i, count - i) - most) * scale);
      memcpy(row + i, &e, (count - i) * sizeof(float));
      for (size_t lane = 0; i + lane < count; lane++) total += e[lane];
    }
    const float part = 1 / total;
    for (i = 0; i + LANES <= count; i += LANES) {
      ENCODER_NAME(store)(row + i, ENCODER_NAME(load)(row + i) * part);
    }
    for (; i < count; i++) row[i] *= part;
  }
}

// x Φ(x), with Φ(x) = (1 + erf(x / √2)) / 2 and erf by Abramowitz and Stegun, 7.1.26: within 2e-7.
INLINE VECTOR ENCODER_NAME(gelu)(VECTOR x) {
  const VECTOR z = __builtin_elementwise_abs(x) * 0.70710678118654752f;
  const VECTOR t = 1.0f / (1.0f + z * 0.3275911f);
  VECTOR p = t * 1.061405429f - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  // Half of what erf lacks to 1.
  const VECTOR tail = p * t * ENCODER_NAME(exponential)(-(z * z)) * 0.5f;
  const WHOLE below = x < 0.0f;
  const VECTOR share = (VECTOR)((below & (WHOLE)tail) | (~below & (WHOLE)(1.0f - tail)));
  return x * share;
}

static void ENCODER_NAME(vk_gelu)(float *x, size_t count) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    ENCODER_NAME(store)(x + i, ENCODER_NAME(gelu)(ENCODER_NAME(load)(x + i)));
  }
  if (i < count) {
    const VECTOR last = ENCODER_NAME(gelu)(ENCODER_NAME(load_some)(x + i, count - i));
    memcpy(x + i, &last, (count - i) * sizeof(float));
  }
}

static void ENCODER_NAME(vk_add_norm)(
    float *x, const float *residual, size_t rows, size_t columns, const float *gain,
    const float *shift, float epsilon) {
  for (size_t t = 0; t < rows; t++) {
    float *row = x + t * columns;
    VECTOR sums = {0};
    float rest = 0;
    size_t i = 0;
    for (; i + LANES <= columns; i += LANES) {
      VECTOR v = ENCODER_NAME(load)(row + i);
      if (residual) v += ENCODER_NAME(load)(residual + t * columns + i);
      ENCODER_NAME(store)(row + i, v);
      sums += v;
    }
    for (; i < columns; i++) {
      if (residual) row[i] += residual[t * columns + i];
      rest += row[i];
    }
    const float mean = (ENCODER_NAME(sum)(sums) + rest) / (float)columns;
    sums = (VECTOR){0};
    rest = 0;
    for (i = 0; i + LANES <= columns; i += LANES) {
      const VECTOR v = ENCODER_NAME(load)(row + i) - mean;
      sums += v * v;
    }
    for (; i < columns; i++) rest += (row[i] - mean) * (row[i] - mean);
    const float variance = (ENCODER_NAME(sum)(sums) + rest) / (float)columns;
    const float part = 1 / sqrtf(variance + epsilon);
    for (i = 0; i + LANES <= columns; i += LANES) {
      const VECTOR v = (ENCODER_NAME(load)(row + i) - mean) * part;
      ENCODER_NAME(store)(
          row + i, v * ENCODER_NAME(load)(gain + i) + ENCODER_NAME(load)(shift + i));
    }
    for (; i < columns; i++) row[i] = (row[i] - mean) * part * gain[i] + shift[i];
  }
}

static void ENCODER_NAME(vk_add_scaled)(float *y, const float *x, float scale, size_t count) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    ENCODER_NAME(store)(y + i, ENCODER_NAME(load)(y + i) + ENCODER_NAME(load)(x + i) * scale);
  }
  for (; i < count; i++) y[i] += x[i] * scale;
}

#undef LANES
#undef ROWS
#undef INLINE
#undef VECTOR
#undef WHOLE
#undef FOUR
#undef ENCODER_LANES
#undef ENCODER_ROWS
#undef ENCODER_NAME
