// Convolutions with a 5 x 5 kernel as plain sums in double, and what a Winograd kernel's result may
// be off from them: the magnitude of its terms at the six points.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "closeness.h"

namespace lenet {

constexpr int kKernelSize = 5;
constexpr int kPoints = 8;

// y = A^T [(G w) . (B^T d)]
constexpr double kTransformG[kPoints][kKernelSize] = {
    {1, 0, 0, 0, 0},
    {2 / 9., 2 / 9., 2 / 9., 2 / 9., 2 / 9.},
    {2 / 9., -2 / 9., 2 / 9., -2 / 9., 2 / 9.},
    {1 / 90., 2 / 90., 4 / 90., 8 / 90., 16 / 90.},
    {1 / 90., -2 / 90., 4 / 90., -8 / 90., 16 / 90.},
    {0, 0, 0, 0, 1},
    {32 / 45., 16 / 45., 8 / 45., 4 / 45., 2 / 45.},
    {32 / 45., -16 / 45., 8 / 45., -4 / 45., 2 / 45.}};

// Neighbouring outputs that are computed together, and the other two transforms for them.
struct WinogradTile {
  int outputs, points;
  double a[kPoints][4];
  double b[kPoints][kPoints];

  int inputs() const { return outputs + kKernelSize - 1; }
};
constexpr WinogradTile kWideTile = {4,
                                    8,
                                    {{1, 0, 0, 0},
                                     {1, 1, 1, 1},
                                     {1, -1, 1, -1},
                                     {1, 2, 4, 8},
                                     {1, -2, 4, -8},
                                     {0, 0, 0, 1},
                                     {1, 1 / 2., 1 / 4., 1 / 8.},
                                     {1, -1 / 2., 1 / 4., -1 / 8.}},
                                    {{1, 0, -5.25, 0, 5.25, 0, -1, 0},
                                     {0, -1, -1, 4.25, 4.25, -1, -1, 0},
                                     {0, 1, -1, -4.25, 4.25, 1, -1, 0},
                                     {0, 0.5, 0.25, -2.5, -1.25, 2, 1, 0},
                                     {0, -0.5, 0.25, 2.5, -1.25, -2, 1, 0},
                                     {0, -1, 0, 5.25, 0, -5.25, 0, 1},
                                     {0, 2, 4, -2.5, -5, 0.5, 1, 0},
                                     {0, -2, 4, 2.5, -5, -0.5, 1, 0}}};
constexpr WinogradTile kNarrowTile = {2,
                                      6,
                                      {{1, 0}, {1, 1}, {1, -1}, {1, 2}, {1, -2}, {0, 1}},
                                      {{1, 0, -1.25, 0, 0.25, 0},
                                       {0, 3, 3, -0.75, -0.75, 0},
                                       {0, -3, 3, 0.75, -0.75, 0},
                                       {0, -7.5, -3.75, 7.5, 3.75, 0},
                                       {0, 7.5, -3.75, -7.5, 3.75, 0},
                                       {0, 4, 0, -5, 0, 1}}};

// One image's planes: in [I][S][S], weight [O][I][5][5], out [O][S-4][S-4].
struct ConvShape {
  int in_channels, out_channels, size;

  int out_size() const { return size - kKernelSize + 1; }
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
  // Calls visit(in, weight, out, tile, p) for each product of Winograd's form: the index of a
  // tile's first input, of a row of weights and of its first output.
  template <class Visit>
  void for_every_point(Visit visit) const {
    for_every_row([&](int o, int i, int u, int y) {
      for (int x = 0; x < out_size();) {
        const WinogradTile& tile = out_size() - x < kWideTile.outputs ? kNarrowTile : kWideTile;
        for (int p = 0; p < tile.points; p++) {
          visit(in_at(i, y + u, x), weight_row(o, i, u) * kKernelSize, out_at(o, y, x), tile, p);
        }
        x += tile.outputs;
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

// The magnitude at one point of what a transform makes of n values, one every `stride`.
inline double transformed_magnitude(const double* row, int n, const float* values, size_t stride) {
  double magnitude = 0;
  for (int j = 0; j < n; j++) magnitude += std::fabs(row[j] * values[j * stride]);
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
    shape.for_every_point([&](size_t a, size_t w, size_t b, const WinogradTile& tile, int p) {
      const double g = transformed_magnitude(kTransformG[p], kKernelSize, weight + w, 1);
      for (size_t l = 0; l < lanes; l++) {
        const double d = transformed_magnitude(tile.b[p], tile.inputs(), in + a * lanes + l, lanes);
        for (int j = 0; j < tile.outputs; j++) {
          add_error(&(*out)[(b + j) * lanes + l], std::fabs(tile.a[p][j]) * g * d);
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
    shape.for_every_point([&](size_t a, size_t w, size_t b, const WinogradTile& tile, int p) {
      const double g = transformed_magnitude(kTransformG[p], kKernelSize, weight + w, 1);
      for (size_t l = 0; l < lanes; l++) {
        const double z = transformed_magnitude(tile.a[p], tile.outputs, d + b * lanes + l, lanes);
        for (int j = 0; j < tile.inputs(); j++) {
          add_error(&(*din)[(a + j) * lanes + l], std::fabs(tile.b[p][j]) * g * z);
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
    shape.for_every_point([&](size_t a, size_t w, size_t b, const WinogradTile& tile, int p) {
      for (size_t l = 0; l < lanes; l++) {
        const double x = transformed_magnitude(tile.b[p], tile.inputs(), in + a * lanes + l, lanes);
        const double z = transformed_magnitude(tile.a[p], tile.outputs, d + b * lanes + l, lanes);
        for (int v = 0; v < kKernelSize; v++) {
          add_error(&(*dweight)[(w + v) * lanes + l], std::fabs(kTransformG[p][v]) * x * z);
        }
      }
    });
  }
};

}  // namespace lenet
