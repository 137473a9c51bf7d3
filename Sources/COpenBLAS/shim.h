// The C interface of OpenBLAS, for Sources/VectorStoreSearch/BLAS.swift, its only importer.
#include <cblas.h>
#include <stddef.h>

// LAPACK's eigenvalues of a symmetric matrix, which the library exports and cblas.h does not declare.
// Fortran: everything by address, matrices column by column, the lengths of the texts at the end.
void dsyevd_(
    const char *jobz, const char *uplo, const blasint *n, double *a, const blasint *lda, double *w,
    double *work, const blasint *lwork, blasint *iwork, const blasint *liwork, blasint *info,
    size_t jobz_length, size_t uplo_length);
