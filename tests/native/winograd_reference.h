// Convolutions with a 5 x 5 kernel as plain sums in double, and what a Winograd kernel's result may
// be off from them: the magnitude of its terms at the six points.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "closeness.h"

namespace lenet {

constexpr int kKernelSize = 5;
constexpr int kPoints = 6;

// y = A^T [(G w) . (B^T d)]
constexpr double kTransformA[kPoints][2] = {{1, 0}, {1, 1}, {1, -1}, {1, 2}, {1, -2}, {0, 1}};
constexpr double kTransformB[kPoints][kPoints] = {{4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0},
                                                  {0, 4, -4, -1, 1, 0}, {0, -2, -1, 2, 1, 0},
                                                  {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}};
constexpr double kTransformG[kPoints][kKernelSize] = {
    {1 / 4., 0, 0, 0, 0},
    {-1 / 6., -1 / 6., -1 / 6., -1 / 6., -1 / 6.},
    {-1 / 6., 1 / 6., -1 / 6., 1 / 6., -1 / 6.},
    {1 / 24., 2 / 24., 4 / 24., 8 / 24., 16 / 24.},
    {1 / 24., -2 / 24., 4 / 24., -8 / 24., 16 / 24.},
    {0, 0, 0, 0, 1}};

// One image's planes: in [I][S][S], weight [O][I][5][5], out [O][S-4][S-4].
struct ConvShape {
  int in_channels, out_channels, size;

  int out_size() const { return size - kKernelSize + 1; }
  int tiles() const { return out_size() / 2; }  // in a row
  size_t in_values() const { return size_t(in_channels) * size * size; }
  size_t out_values() const { return size_t(out_channels) * out_size() * out_size(); }
  size_t weights() const { return size_t(out_channels) * in_channels * kKernelSize * kKernelSize; }
  size_t in_at(int i, int y, int x) const { return (size_t(i) * size + y) * size + x; }
  size_t out_at(int o, int y, int x) const { return (size_t(o) * out_size() + y) * out_size() + x; }
  // A row of five weights.
  size_t weight_row(int o, int i, int u) const {
    return (size_t(o) * in_channels + i) * kKernelSize + u;
  }

  // Calls visit(in, weight, out) with the indices of each product that the convolution sums.
  template <class Visit>
  void for_every_product(Visit visit) const {
    for_every_row([&](int o, int i, int u, int y) {
      for (int v = 0; v < kKernelSize; v++) {
        for (int x = 0; x < out_size(); x++) {
          visit(in_at(i, y + u, x + v), weight_row(o, i, u) * kKernelSize + v, out_at(o, y, x));
        }
      }
    });
  }
  // Calls visit(in, weight, out, p, k) for each product of Winograd's form: the index of a tile's
  // first input, of a row of weights and of its first output.
  template <class Visit>
  void for_every_point(Visit visit) const {
    for_every_row([&](int o, int i, int u, int y) {
      for (int k = 0; k < tiles(); k++) {
        for (int p = 0; p < kPoints; p++) {
          visit(in_at(i, y + u, 2 * k), weight_row(o, i, u) * kKernelSize, out_at(o, y, 2 * k), p);
        }
      }
    });
  }

 private:
  template <class Visit>
  void for_every_row(Visit visit) const {
    for (int o = 0; o < out_channels; o++) {
      for (int i = 0; i < in_channels; i++) {
        for (int u = 0; u < kKernelSize; u++) {
          for (int y = 0; y < out_size(); y++) visit(o, i, u, y);
        }
      }
    }
  }
};

// The magnitude at point p of what a transform makes of values, one every `stride`.
template <size_t n>
double transformed_magnitude(const double (&row)[n], const float* values, size_t stride) {
  double magnitude = 0;
  for (size_t j = 0; j < n; j++) magnitude += std::fabs(row[j] * values[j * stride]);
  return magnitude;
}

// Adds to a sum the error, but not the value, of a term.
inline void add_error(Sum* sum, double magnitude) { sum->add(0, magnitude); }

// in [..][L] and so on, all images of a tile; the weights are the same for all.
struct ConvReference {
  ConvShape shape;
  size_t lanes;

  // out [O][S-4][S-4][L], which holds the biases.
  void forward(const float* in, const float* weight, std::vector<Sum>* out) const {
    shape.for_every_product([&](size_t a, size_t w, size_t b) {
      for (size_t l = 0; l < lanes; l++) {
        (*out)[b * lanes + l].value += double{in[a * lanes + l]} * weight[w];
      }
    });
    shape.for_every_point([&](size_t a, size_t w, size_t b, int p) {
      const double g = transformed_magnitude(kTransformG[p], weight + w, 1);
      for (size_t l = 0; l < lanes; l++) {
        const double d = transformed_magnitude(kTransformB[p], in + a * lanes + l, lanes);
        for (int j = 0; j < 2; j++) {
          add_error(&(*out)[(b + j) * lanes + l], std::fabs(kTransformA[p][j]) * g * d);
        }
      }
    });
  }
  // din [I][S][S][L]
  void backward_data(const float* d, const float* weight, std::vector<Sum>* din) const {
    shape.for_every_product([&](size_t a, size_t w, size_t b) {
      for (size_t l = 0; l < lanes; l++) {
        (*din)[a * lanes + l].value += double{d[b * lanes + l]} * weight[w];
      }
    });
    shape.for_every_point([&](size_t a, size_t w, size_t b, int p) {
      const double g = transformed_magnitude(kTransformG[p], weight + w, 1);
      for (size_t l = 0; l < lanes; l++) {
        const double z = transformed_magnitude(kTransformA[p], d + b * lanes + l, lanes);
        for (int j = 0; j < kPoints; j++) {
          add_error(&(*din)[(a + j) * lanes + l], std::fabs(kTransformB[p][j]) * g * z);
        }
      }
    });
  }
  // dweight [O][I][5][5][L]
  void backward_weight(const float* in, const float* d, std::vector<Sum>* dweight) const {
    shape.for_every_product([&](size_t a, size_t w, size_t b) {
      for (size_t l = 0; l < lanes; l++) {
        (*dweight)[w * lanes + l].value += double{in[a * lanes + l]} * d[b * lanes + l];
      }
    });
    shape.for_every_point([&](size_t a, size_t w, size_t b, int p) {
      for (size_t l = 0; l < lanes; l++) {
        const double x = transformed_magnitude(kTransformB[p], in + a * lanes + l, lanes);
        const double z = transformed_magnitude(kTransformA[p], d + b * lanes + l, lanes);
        for (int v = 0; v < kKernelSize; v++) {
          add_error(&(*dweight)[(w + v) * lanes + l], std::fabs(kTransformG[p][v]) * x * z);
        }
      }
    });
  }
};

}  // namespace lenet
