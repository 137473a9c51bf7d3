// The scan around the sums of one tile, compiled for one instruction set. Included by shared.h and
// codes.c, which first define SCAN, what the function is declared as; TABLE_BYTES for one part; and
// make_tables and scan_tile.

SCAN(
    const uint8_t *codes, size_t p, size_t rows, const int8_t *levels, const uint8_t *mask,
    int32_t *sums) {
  _Alignas(64) uint8_t tables[TABLE_BYTES];
  const size_t tiles = (rows + VK_TILE - 1) / VK_TILE;
  for (size_t first = 0; first < p; first += VK_PART) {
    const size_t count = p - first < VK_PART ? p - first : VK_PART, bytes = count / 8;
    const int32_t added = make_tables(levels + first, count, tables);
    const uint8_t *part = codes + first / 8 * VK_TILE * tiles;
    for (size_t t = vk_next_tile(mask, 0, rows); t < tiles; t = vk_next_tile(mask, t + 1, rows)) {
      const uint8_t *code = part + t * bytes * VK_TILE;
      scan_tile(code, bytes, tables, added, first > 0, sums + t * VK_TILE);
    }
  }
}
