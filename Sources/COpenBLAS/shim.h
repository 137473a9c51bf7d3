// The C interface of OpenBLAS, for Sources/VectorStoreSearch/BLAS.swift, its only importer.
#include <cblas.h>
