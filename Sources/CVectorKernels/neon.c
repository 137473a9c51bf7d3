#include "variants.h"
const vk_table *vk_neon_table(void) { return NULL; }
