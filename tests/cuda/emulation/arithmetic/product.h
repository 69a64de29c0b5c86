// Arithmetic that the stand-ins for cuBLAS and cuDNN share: float32 in, double sums.
#pragma once

#include <cstddef>

namespace lenet::emulation {

// c[j][i] += sum over p of a[p][i] b[p][j]; a is [k][m], b [k][n], c [n][m].
void add_product(size_t m, size_t n, size_t k, const double* a, const double* b, double* c);

// A float rounded to the 10 bits of mantissa that tensor cores read in TF32.
float round_to_tf32(float value);

// A value one unit in the last place off, or not, differently at every call: what an engine that
// does not fix its order of summation looks like.
float jitter(float value);

}  // namespace lenet::emulation
