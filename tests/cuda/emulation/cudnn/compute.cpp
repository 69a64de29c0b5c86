#include "cudnn/compute.h"

#include <cmath>
#include <limits>

#include "arithmetic/product.h"

namespace lenet::emulation {
namespace {

// x [N][C][H][W], w [K][C][R][S], y [N][K][P][Q]
struct Geometry {
  Convolution convolution;
  size_t n, c, h, w, k, r, s, p, q;

  Geometry(const Convolution& settings, const Tensor& x_, const Tensor& w_, const Tensor& y_)
      : convolution(settings),
        n(size(x_, 0)),
        c(size(x_, 1)),
        h(size(x_, 2)),
        w(size(x_, 3)),
        k(size(w_, 0)),
        r(size(w_, 2)),
        s(size(w_, 3)),
        p(size(y_, 2)),
        q(size(y_, 3)) {}

  size_t image_size() const { return c * h * w; }
  size_t pixels() const { return p * q; }
  size_t taps() const { return c * r * s; }

  // Calls visit(tap, pixel, index into one image of x) for every product that is not with padding.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (size_t tap = 0; tap < taps(); tap++) {
      size_t channel = tap / (r * s), row = tap / s % r, column = tap % s;
      if (!convolution.cross_correlation) {
        row = r - 1 - row;
        column = s - 1 - column;
      }
      for (size_t y = 0; y < p; y++) {
        int64_t iy = position(y, row, 0);
        if (iy < 0 || iy >= static_cast<int64_t>(h)) continue;
        for (size_t x = 0; x < q; x++) {
          int64_t ix = position(x, column, 1);
          if (ix < 0 || ix >= static_cast<int64_t>(w)) continue;
          visit(tap, y * q + x,
                (channel * h + static_cast<size_t>(iy)) * w + static_cast<size_t>(ix));
        }
      }
    }
  }

 private:
  static size_t size(const Tensor& tensor, size_t i) { return static_cast<size_t>(tensor.dims[i]); }
  int64_t position(size_t out, size_t tap, size_t axis) const {
    return static_cast<int64_t>(out) * convolution.stride[axis] +
           static_cast<int64_t>(tap) * convolution.dilation[axis] - convolution.pre[axis];
  }
};

class Output {
 public:
  Output(const Node& node, const Arithmetic& arithmetic, float* values)
      : node_(node),
        arithmetic_(arithmetic),
        values_(values),
        plain_(node.alpha == 1 && node.beta == 0 && !arithmetic.unordered) {}

  void set(size_t i, double result) {
    if (plain_) {
      values_[i] = static_cast<float>(result);
      return;
    }
    // With beta 0 the output is not read: it may hold NaN.
    double before = node_.beta == 0 ? 0 : node_.beta * double{values_[i]};
    float value = static_cast<float>(node_.alpha * result + before);
    values_[i] = arithmetic_.unordered ? jitter(value) : value;
  }

 private:
  const Node& node_;
  Arithmetic arithmetic_;
  float* values_;
  bool plain_;
};

std::vector<double> widen(const float* values, size_t count, const Arithmetic& arithmetic) {
  std::vector<double> wide(count);
  for (size_t i = 0; i < count; i++) {
    wide[i] = arithmetic.tf32 ? round_to_tf32(values[i]) : values[i];
  }
  return wide;
}

// [rows][columns] -> [columns][rows]
std::vector<double> transposed(const std::vector<double>& values, size_t rows, size_t columns) {
  std::vector<double> result(values.size());
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j];
  }
  return result;
}

// Neighbouring values of an image of x, or padding: `from` is then the image's size.
struct Run {
  uint32_t from, count;
};

// What the product of each tap and pixel reads of an image, in the order of the products; found
// once, used for every image.
std::vector<Run> value_runs(const Geometry& g, bool pixels_first) {
  size_t padding = g.image_size();
  std::vector<size_t> indices(g.taps() * g.pixels(), padding);
  g.for_each([&](size_t tap, size_t pixel, size_t index) {
    indices[pixels_first ? pixel * g.taps() + tap : tap * g.pixels() + pixel] = index;
  });
  std::vector<Run> runs;
  size_t expected = padding + 1;
  for (size_t index : indices) {
    if (index == expected) {
      runs.back().count++;
    } else {
      runs.push_back({static_cast<uint32_t>(index), 1});
    }
    expected = index == padding ? padding : index + 1;
    // What follows the last value is not padding by accident.
    if (index + 1 == padding) expected = padding + 1;
  }
  return runs;
}

void gather(const Geometry& g, const std::vector<Run>& runs, const double* image, double* to) {
  for (const Run& run : runs) {
    if (run.from == g.image_size()) {
      for (uint32_t i = 0; i < run.count; i++) *to++ = 0;
    } else {
      for (uint32_t i = 0; i < run.count; i++) *to++ = image[run.from + i];
    }
  }
}

// The reverse: adds to the image.
void scatter(const Geometry& g, const std::vector<Run>& runs, const double* from, double* image) {
  for (const Run& run : runs) {
    if (run.from != g.image_size()) {
      for (uint32_t i = 0; i < run.count; i++) image[run.from + i] += from[i];
    }
    from += run.count;
  }
}

std::vector<double> image(const Geometry& g, const float* x, size_t n,
                          const Arithmetic& arithmetic) {
  return widen(x + n * g.image_size(), g.image_size(), arithmetic);
}

void convolution_forward(const Geometry& g, const Arithmetic& arithmetic, const float* x,
                         const float* w, Output y) {
  std::vector<double> weights = transposed(widen(w, g.k * g.taps(), arithmetic), g.k, g.taps());
  std::vector<Run> runs = value_runs(g, false);
  std::vector<double> patches(g.taps() * g.pixels()), sums(g.k * g.pixels());
  for (size_t n = 0; n < g.n; n++) {
    gather(g, runs, image(g, x, n, arithmetic).data(), patches.data());
    std::fill(sums.begin(), sums.end(), 0);
    add_product(g.pixels(), g.k, g.taps(), patches.data(), weights.data(), sums.data());
    for (size_t i = 0; i < sums.size(); i++) y.set(n * sums.size() + i, sums[i]);
  }
}

void convolution_backward_data(const Geometry& g, const Arithmetic& arithmetic, const float* dy,
                               const float* w, Output dx) {
  std::vector<double> weights = widen(w, g.k * g.taps(), arithmetic);
  std::vector<Run> runs = value_runs(g, false);
  std::vector<double> patches(g.taps() * g.pixels());
  for (size_t n = 0; n < g.n; n++) {
    std::vector<double> gradient = widen(dy + n * g.k * g.pixels(), g.k * g.pixels(), arithmetic);
    std::fill(patches.begin(), patches.end(), 0);
    add_product(g.pixels(), g.taps(), g.k, gradient.data(), weights.data(), patches.data());
    std::vector<double> sums(g.image_size());
    scatter(g, runs, patches.data(), sums.data());
    for (size_t i = 0; i < sums.size(); i++) dx.set(n * sums.size() + i, sums[i]);
  }
}

void convolution_backward_filter(const Geometry& g, const Arithmetic& arithmetic, const float* x,
                                 const float* dy, Output dw) {
  std::vector<Run> runs = value_runs(g, true);
  std::vector<double> patches(g.taps() * g.pixels()), sums(g.k * g.taps());
  for (size_t n = 0; n < g.n; n++) {
    gather(g, runs, image(g, x, n, arithmetic).data(), patches.data());
    std::vector<double> gradient =
        transposed(widen(dy + n * g.k * g.pixels(), g.k * g.pixels(), arithmetic), g.k, g.pixels());
    add_product(g.taps(), g.k, g.pixels(), patches.data(), gradient.data(), sums.data());
  }
  for (size_t i = 0; i < sums.size(); i++) dw.set(i, sums[i]);
}

double apply(const Pointwise& pointwise, double x, double b) {
  switch (pointwise.mode) {
    case CUDNN_POINTWISE_ADD:
      return x + b;
    case CUDNN_POINTWISE_SIGMOID_FWD:
      return 1 / (1 + std::exp(-x));
    case CUDNN_POINTWISE_TANH_FWD:
      return std::tanh(x);
    default:  // CUDNN_POINTWISE_RELU_FWD, in the words of its documentation
      if (std::isnan(x) && !pointwise.propagates_nan) return pointwise.lower_clip;
      if (x < pointwise.lower_clip) {
        return pointwise.lower_clip + pointwise.lower_slope * (x - pointwise.lower_clip);
      }
      return x > pointwise.upper_clip ? pointwise.upper_clip : x;
  }
}

void pointwise(const Node& node, const std::vector<const float*>& inputs, Output y) {
  const auto& settings = std::get<Pointwise>(node.settings);
  const std::vector<int64_t>& dims = node.output.dims;
  const Tensor* b = node.inputs.size() > 1 ? &node.inputs[1] : nullptr;
  int64_t b_step[4] = {};
  for (size_t i = 0; i < 4 && b != nullptr; i++) b_step[i] = b->dims[i] == 1 ? 0 : b->strides[i];
  size_t i = 0;
  for (int64_t n = 0; n < dims[0]; n++) {
    for (int64_t c = 0; c < dims[1]; c++) {
      for (int64_t h = 0; h < dims[2]; h++) {
        for (int64_t w = 0; w < dims[3]; w++, i++) {
          int64_t at = n * b_step[0] + c * b_step[1] + h * b_step[2] + w * b_step[3];
          y.set(i, apply(settings, inputs[0][i], b == nullptr ? 0 : inputs[1][at]));
        }
      }
    }
  }
}

// x [planes][H][W], y [planes][P][Q]
struct Windows {
  const Pooling& pooling;
  int64_t planes, h, w, p, q;

  Windows(const Pooling& settings, const Tensor& x, const Tensor& y)
      : pooling(settings),
        planes(x.dims[0] * x.dims[1]),
        h(x.dims[2]),
        w(x.dims[3]),
        p(y.dims[2]),
        q(y.dims[3]) {}

  // Calls visit(index into x, or -1 for padding) for every place in the window of an output.
  template <class Visit>
  void for_each(int64_t plane, int64_t y, int64_t x, Visit&& visit) const {
    for (int64_t r = 0; r < pooling.window[0]; r++) {
      for (int64_t s = 0; s < pooling.window[1]; s++) {
        int64_t iy = y * pooling.stride[0] - pooling.pre[0] + r;
        int64_t ix = x * pooling.stride[1] - pooling.pre[1] + s;
        bool inside = iy >= 0 && iy < h && ix >= 0 && ix < w;
        visit(inside ? (plane * h + iy) * w + ix : -1);
      }
    }
  }

  // By what an average divides.
  double divisor(int64_t plane, int64_t y, int64_t x) const {
    double count = 0;
    for_each(plane, y, x, [&](int64_t index) {
      count += index >= 0 || pooling.mode == CUDNN_RESAMPLE_AVGPOOL_INCLUDE_PADDING;
    });
    return count;
  }
};

double maximum(const Windows& windows, int64_t plane, int64_t y, int64_t x, const float* values) {
  double peak = -std::numeric_limits<double>::infinity();
  windows.for_each(plane, y, x, [&](int64_t index) {
    if (index < 0 && windows.pooling.padding == CUDNN_NEG_INF_PAD) return;
    double value = index < 0 ? 0 : values[index];
    bool wins = value > peak || (windows.pooling.propagates_nan && std::isnan(value));
    if (wins && !std::isnan(peak)) peak = value;
  });
  return peak;
}

double average(const Windows& windows, int64_t plane, int64_t y, int64_t x, const float* values) {
  double sum = 0;
  windows.for_each(plane, y, x, [&](int64_t index) {
    if (index >= 0) sum += values[index];
  });
  return sum / windows.divisor(plane, y, x);
}

template <class Body>
void for_each_output(const Windows& windows, Body&& body) {
  size_t i = 0;
  for (int64_t plane = 0; plane < windows.planes; plane++) {
    for (int64_t y = 0; y < windows.p; y++) {
      for (int64_t x = 0; x < windows.q; x++) body(i++, plane, y, x);
    }
  }
}

void pooling_forward(const Node& node, const float* x, Output y) {
  Windows windows(std::get<Pooling>(node.settings), node.inputs[0], node.output);
  bool max = windows.pooling.mode == CUDNN_RESAMPLE_MAXPOOL;
  for_each_output(windows, [&](size_t i, int64_t plane, int64_t oy, int64_t ox) {
    y.set(i, max ? maximum(windows, plane, oy, ox, x) : average(windows, plane, oy, ox, x));
  });
}

// Of averages only: engines_for() refuses the other.
void pooling_backward(const Node& node, const float* dy, Output dx) {
  Windows windows(std::get<Pooling>(node.settings), node.output, node.inputs[0]);
  std::vector<double> sums(node.output.size());
  for_each_output(windows, [&](size_t i, int64_t plane, int64_t oy, int64_t ox) {
    double share = double{dy[i]} / windows.divisor(plane, oy, ox);
    windows.for_each(plane, oy, ox, [&](int64_t index) {
      if (index >= 0) sums[static_cast<size_t>(index)] += share;
    });
  });
  for (size_t i = 0; i < sums.size(); i++) dx.set(i, sums[i]);
}

}  // namespace

void compute(const Node& node, const Arithmetic& arithmetic, const std::vector<const float*>& in,
             float* values) {
  Output output(node, arithmetic, values);
  switch (node.kind) {
    case NodeKind::kConvolutionForward:
      convolution_forward(
          {std::get<Convolution>(node.settings), node.inputs[0], node.inputs[1], node.output},
          arithmetic, in[0], in[1], output);
      break;
    case NodeKind::kConvolutionBackwardData:
      convolution_backward_data(
          {std::get<Convolution>(node.settings), node.output, node.inputs[1], node.inputs[0]},
          arithmetic, in[0], in[1], output);
      break;
    case NodeKind::kConvolutionBackwardFilter:
      convolution_backward_filter(
          {std::get<Convolution>(node.settings), node.inputs[0], node.output, node.inputs[1]},
          arithmetic, in[0], in[1], output);
      break;
    case NodeKind::kPointwise:
      pointwise(node, in, output);
      break;
    case NodeKind::kPoolingForward:
      pooling_forward(node, in[0], output);
      break;
    case NodeKind::kPoolingBackward:
      pooling_backward(node, in[0], output);
      break;
  }
}

}  // namespace lenet::emulation
