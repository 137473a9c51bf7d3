// Kernels over float32 vectors and over codes of them, called by Sources/VectorStoreSearch only. They
// allocate nothing and keep no state but the choice of a variant, which is made once. Portable C
// stands in portable.c and codes.c; variants for one instruction set in files of their own beside it.
// Where a contract says "the same bits", every variant gives them; elsewhere variants may differ by
// the rounding of float32 sums.

#ifndef CVECTORKERNELS_H
#define CVECTORKERNELS_H

#include <stddef.h>
#include <stdint.h>

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

// ---- Variants

/// The name of the variant in use: "avx512", "avx2", "neon" or "portable".
///
/// The best one that the processor has, chosen at the first call of any kernel, unless the
/// environment variable VECTOR_STORE_KERNELS names another one that it has too.
const char *vk_variant(void);

/// Chooses a variant by name, for tests. Returns 1, or 0 where this processor or this build lacks it
/// (nothing is changed then). Not to be called while another thread runs a kernel.
int vk_choose_variant(const char *name);

// ---- Checksums

/// A 64-bit checksum of `count` bytes that finds accidental damage; it is no cryptographic hash. The
/// same on every machine: it is stored.
///
/// Eight lanes, each started as `(seed + lane) * PRIME` with PRIME = 0x9E3779B185EBCA87: lane `l`
/// takes the little-endian 64-bit words `l`, `l + 8`, … as `h = rotate_left(h ^ word, 29) * PRIME`;
/// the last, incomplete word is filled with zeros. Then the lanes are folded in rising order into
/// `h = count`, by the same step, and `h ^= h >> 32` ends it.
uint64_t vk_checksum(const void *bytes, size_t count, uint64_t seed);

// ---- Rotation
//
// Codes are made of vectors of P components, the padded dimensions: a multiple of 64, P = B * L with L
// the largest power of two in P and B odd.

/// Applies a random orthogonal transform to `x`, in place (P floats, no alignment).
///
/// `rounds` times: component `i` is negated where bit `i` of the round's signs is set (64 bits a word,
/// P / 64 words a round, round after round in `signs`); a Walsh-Hadamard transform, scaled by
/// 1/sqrt(L), of each of the B blocks of L neighbours; and, where B > 1, a Householder reflection
/// I - (2/B) 1 1^T across the blocks (component j of every block together).
void vk_rotate(float *x, size_t p, const uint64_t *signs, size_t rounds);

// ---- Codes
//
// RaBitQ (Gao & Long, SIGMOD 2024): of a rotated residual y = R(v - c), the signs of its components
// are the 1-bit code. The fine code has 4 bits a component: u = clamp(round(y_i * sqrt(P) / |y| / step
// + 7.5), 0, 15), standing for z_i = (u - 7.5) * step / sqrt(P).

/// The step of the fine code: the uniform quantiser of 16 levels with the least squared error for a
/// normal distribution (Max 1960), in its standard deviations.
#define VK_FINE_STEP 0.3352f

/// Rows of 1-bit codes that lie interleaved, so that one vector register holds the same components of all
/// of them: a tile.
#define VK_TILE 64

/// Components whose 1-bit codes lie together: a part; the last may be smaller. All tiles of the first part
/// come first, so that a scan reads straight on and its tables for one part leave the processor's first
/// cache to what it reads: byte b of row r of `tiles` tiles stands at
/// `part * VK_PART/8 * VK_TILE * tiles + (r / VK_TILE * bytes + b % (VK_PART/8)) * VK_TILE + r % VK_TILE`,
/// with part = b / (VK_PART/8) and `bytes` the bytes of that part.
#define VK_PART 384

/// What encoding a row gives besides its codes; sums of float32 products in any order.
typedef struct {
  float norm;      // |y|
  float abs_sum;   // sum of |y_i|
  float fine_dot;  // sum of z_i * y_i
  float fine_norm; // sqrt(sum of z_i * z_i)
} vk_encoded;

/// Encodes one rotated residual of P components.
///
/// `bits` gets P / 8 bytes, bit `i % 8` of byte `i / 8` being set where y_i >= 0 (for -0.0 too, and for
/// NaN not). `fine` gets P / 2 bytes: byte j holds component j in its low four bits and component
/// j + P/2 in its high ones. Of the zero vector all bits are set, the fine codes are those of y_i = 0
/// (that is 8), and all four results are 0.
void vk_encode(const float *y, size_t p, uint8_t *bits, uint8_t *fine, vk_encoded *out);

/// Copies the P / 8 bytes of a row's 1-bit code to their places among the codes of `rows` rows.
void vk_put_code(const uint8_t *bits, size_t p, size_t rows, size_t row, uint8_t *codes);

/// Copies the 1-bit code of a row from its places among the codes of `rows` rows: P / 8 bytes.
void vk_get_code(const uint8_t *codes, size_t p, size_t rows, size_t row, uint8_t *bits);

/// A query's side of the estimates in one segment, filled by `vk_quantize_query`.
typedef struct {
  float norm;     // |q|
  float scale4;   // q_i is about scale4 * u_i, u_i a whole number in -7...7
  float error4;   // |q - scale4 * u|
  float scale8;   // q_i is about scale8 * w_i, w_i a whole number in -127...127
  float error8;   // |q - scale8 * w|
  int32_t sum4;   // sum of u_i
  int32_t sum8;   // sum of w_i
} vk_quantized;

/// Quantises a rotated query of P components: to 4 bits for the scan of 1-bit codes, to 8 for the
/// fine codes.
///
/// u_i = clamp(round(q_i / d), -7, 7) with d = 0.352 * |q| / sqrt(P) (the uniform quantiser of 15 levels
/// that is best for a normal distribution); scale4 = |q|^2 / sum(q_i u_i), so that the error is
/// orthogonal to q and the estimate unbiased (d where that sum is not positive). w_i = round(q_i / e)
/// with e = max |q_i| / 127; scale8 = e. `levels` gets the P numbers u_i, `bytes` the P numbers w_i. Of
/// the zero query everything is 0.
void vk_quantize_query(
    const float *q, size_t p, int8_t *levels, int8_t *bytes, vk_quantized *out);

/// The scan of 1-bit codes: sums[row] = sum of u_i over the set bits of the row. The same bits.
///
/// Sums are looked up for some bits at a time, in tables that are made of the query first, as in product
/// quantisation with tables in registers (Andre, Kermarrec & Le Scouarnec, VLDB 2015).
///
/// `codes`: those of `rows` rows, P/8 * VK_TILE bytes a tile, tiles = `rows` / VK_TILE rounded up, at any
/// alignment. `levels`: u_i, each in -7...7. `mask`, if not null, has one byte for 8 rows, bit r for row r
/// of them: tiles without a bit are passed over (their sums are left as they were). `sums` has room for
/// tiles * VK_TILE numbers. P is a multiple of 64.
void vk_scan(
    const uint8_t *codes, size_t p, size_t rows, const int8_t *levels, const uint8_t *mask,
    int32_t *sums);

/// What `vk_select` computes with, for one query in one segment.
typedef struct {
  float offset;     // added to every estimate
  float unit;       // estimate = offset + base[i] + scale[i] * unit * (2 * sums[i] - sum)
  int32_t sum;
  float spread;     // half width = slack + sqrt((spread * error[i])^2 + (rounding * scale[i])^2)
  float rounding;
  float slack;
  float threshold;  // rows with estimate + half width >= threshold are selected
} vk_selection;

/// Selects the rows that could reach a threshold.
///
/// Goes through `rows` rows in rising order and writes the index, estimate and half width of those whose
/// bit in `mask` (as above; null is all) is set and whose estimate + half width is not below the
/// threshold (so a NaN is selected). The three outputs have room for `rows` values rounded up to a
/// multiple of 16, which a variant may use as scratch. Returns how many were selected.
size_t vk_select(
    const int32_t *sums, const float *base, const float *scale, const float *error, size_t rows,
    const uint8_t *mask, const vk_selection *selection, uint32_t *index, float *estimate,
    float *half_width);

/// Fine codes of some rows against a query: sums[n] = sum of u_i * w_i of row rows[n], whose P / 2 bytes
/// start at fine + rows[n] * P/2. The same bits. Rows ahead are prefetched.
void vk_fine_dots(
    const uint8_t *fine, size_t p, const uint32_t *rows, size_t count, const int8_t *bytes,
    int32_t *sums);

// ---- Masks

/// Clears the bits of `mask` (one byte for 8 rows, as above) whose row's value is not `key`; rows
/// beyond `rows` in the last byte are cleared. Returns how many bits are set then.
size_t vk_mask_equal(uint8_t *mask, const uint32_t *values, size_t rows, uint32_t key);

/// Clears the bits of `mask` whose row's id is not in a set: bit `id - first` of `set`, which has `count`
/// bits (64 a word). Returns how many bits are set then.
size_t vk_mask_members(
    uint8_t *mask, const int64_t *ids, size_t rows, const uint64_t *set, int64_t first,
    size_t count);

// ---- Local models
//
// Matrices are row-major; a stride is the number of floats from one row to the next. Sums are float32, in
// an order that depends on the instruction set only, never on the other rows: a text has the same vector
// in every batch.

/// Products of rows with rows: `y[t][n] = bias[n] + Σ_k x[t][k] · w[n][k]`, a layer of `outputs` neurons as
/// PyTorch stores it.
///
/// `x` has `rows` rows of `inputs`, `w` `outputs` rows of `inputs`, `y` `rows` rows of `outputs`. `outputs`
/// is a multiple of 4.
void vk_linear(
    const float *x, size_t x_stride, size_t rows, const float *w, const float *bias, size_t inputs,
    size_t outputs, float *y, size_t y_stride);

/// Sums of rows: `y[t][n] = Σ_k p[t][k] · v[k][n]`.
///
/// `p` has `rows` rows of `inner`, `v` `inner` rows of `columns`, `y` `rows` rows of `columns`.
void vk_combine(
    const float *p, size_t p_stride, size_t rows, size_t inner, const float *v, size_t v_stride,
    size_t columns, float *y, size_t y_stride);

/// The softmax of each row of `count` numbers, at least 1, multiplied by `scale` before.
void vk_softmax(float *x, size_t stride, size_t rows, size_t count, float scale);

/// The Gaussian error linear unit `x Φ(x)` of each number (Hendrycks and Gimpel, 2016), within 1e-6.
void vk_gelu(float *x, size_t count);

/// Adds `residual` (null adds nothing) to `x` and normalises each row (Ba et al., Layer Normalization,
/// 2016): mean 0 and variance 1 over its `columns`, then times `gain` plus `shift`.
void vk_add_norm(
    float *x, const float *residual, size_t rows, size_t columns, const float *gain,
    const float *shift, float epsilon);

/// `y += scale · x`, each of `count` numbers.
void vk_add_scaled(float *y, const float *x, float scale, size_t count);

#ifdef __cplusplus
}
#endif

#endif
