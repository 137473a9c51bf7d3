#include "variants.h"
const vk_table *vk_avx2_table(void) { return NULL; }
