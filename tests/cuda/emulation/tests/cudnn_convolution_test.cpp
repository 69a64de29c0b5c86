// Convolutions against seven plain loops, over shapes, paddings, strides, dilations and both modes.
#include "tests/plan_fixture.h"

namespace lenet::emulation::test {
namespace {

struct Shape {
  int64_t n, c, h, w, k, r, s;
  ConvolutionSettings settings;

  int64_t out(int64_t in, int64_t window, size_t axis) const {
    int64_t reach = (window - 1) * settings.dilation[axis] + 1;
    return (in + settings.pre[axis] + settings.post[axis] - reach) / settings.stride[axis] + 1;
  }
  Dims x() const { return {n, c, h, w}; }
  Dims weights() const { return {k, c, r, s}; }
  Dims y() const { return {n, k, out(h, r, 0), out(w, s, 1)}; }
};

size_t size(const Dims& dims) {
  size_t size = 1;
  for (int64_t dim : dims) size *= static_cast<size_t>(dim);
  return size;
}

// Calls visit(index into x, into w, into y) for every product of the convolution.
template <class Visit>
void for_each_product(const Shape& shape, Visit&& visit) {
  Dims y = shape.y();
  const ConvolutionSettings& settings = shape.settings;
  bool flipped = settings.mode == CUDNN_CONVOLUTION;
  for (int64_t n = 0; n < shape.n; n++)
    for (int64_t k = 0; k < shape.k; k++)
      for (int64_t p = 0; p < y[2]; p++)
        for (int64_t q = 0; q < y[3]; q++)
          for (int64_t c = 0; c < shape.c; c++)
            for (int64_t r = 0; r < shape.r; r++)
              for (int64_t s = 0; s < shape.s; s++) {
                int64_t h = p * settings.stride[0] - settings.pre[0] + r * settings.dilation[0];
                int64_t w = q * settings.stride[1] - settings.pre[1] + s * settings.dilation[1];
                if (h < 0 || h >= shape.h || w < 0 || w >= shape.w) continue;
                int64_t wr = flipped ? shape.r - 1 - r : r, ws = flipped ? shape.s - 1 - s : s;
                visit(((n * shape.c + c) * shape.h + h) * shape.w + w,
                      ((k * shape.c + c) * shape.r + wr) * shape.s + ws,
                      ((n * shape.k + k) * y[2] + p) * y[3] + q);
              }
}

class CudnnConvolutionTest : public PlanTest, public testing::WithParamInterface<Shape> {
 protected:
  const Backend& convolution() { return finalized(raw_convolution(GetParam().settings)); }
};

TEST_P(CudnnConvolutionTest, Forward) {
  const Shape& shape = GetParam();
  std::vector<float> x = numbers(size(shape.x()), 1), w = numbers(size(shape.weights()), 2);
  std::vector<double> expected(size(shape.y()));
  for_each_product(shape, [&](int64_t i, int64_t j, int64_t o) {
    expected[static_cast<size_t>(o)] +=
        double{x[static_cast<size_t>(i)]} * double{w[static_cast<size_t>(j)]};
  });
  const Backend& plan =
      plan_for({&finalized(raw_forward(convolution(), tensor_of(1, shape.x()),
                                       tensor_of(2, shape.weights()), tensor_of(3, shape.y())))});
  expect_close(expected,
               output_of(plan, {{1, device_array(x)}, {2, device_array(w)}}, 3, expected.size()));
}

TEST_P(CudnnConvolutionTest, BackwardData) {
  const Shape& shape = GetParam();
  std::vector<float> dy = numbers(size(shape.y()), 1), w = numbers(size(shape.weights()), 2);
  std::vector<double> expected(size(shape.x()));
  for_each_product(shape, [&](int64_t i, int64_t j, int64_t o) {
    expected[static_cast<size_t>(i)] +=
        double{dy[static_cast<size_t>(o)]} * double{w[static_cast<size_t>(j)]};
  });
  const Backend& plan = plan_for(
      {&finalized(raw_backward_data(convolution(), tensor_of(1, shape.y()),
                                    tensor_of(2, shape.weights()), tensor_of(3, shape.x())))});
  expect_close(expected,
               output_of(plan, {{1, device_array(dy)}, {2, device_array(w)}}, 3, expected.size()));
}

TEST_P(CudnnConvolutionTest, BackwardFilter) {
  const Shape& shape = GetParam();
  std::vector<float> x = numbers(size(shape.x()), 1), dy = numbers(size(shape.y()), 2);
  std::vector<double> expected(size(shape.weights()));
  for_each_product(shape, [&](int64_t i, int64_t j, int64_t o) {
    expected[static_cast<size_t>(j)] +=
        double{x[static_cast<size_t>(i)]} * double{dy[static_cast<size_t>(o)]};
  });
  const Backend& plan = plan_for(
      {&finalized(raw_backward_filter(convolution(), tensor_of(1, shape.x()),
                                      tensor_of(2, shape.y()), tensor_of(3, shape.weights())))});
  expect_close(expected,
               output_of(plan, {{1, device_array(x)}, {2, device_array(dy)}}, 3, expected.size()));
}

ConvolutionSettings settings(Dims pre, Dims post, Dims stride = {1, 1}, Dims dilation = {1, 1},
                             cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION) {
  return {mode, pre, post, stride, dilation};
}

INSTANTIATE_TEST_SUITE_P(
    All, CudnnConvolutionTest,
    testing::Values(Shape{2, 1, 28, 28, 6, 5, 5, settings({2, 2}, {2, 2})},
                    Shape{3, 6, 14, 14, 16, 5, 5, settings({0, 0}, {0, 0})},
                    Shape{1, 1, 1, 1, 1, 1, 1, settings({0, 0}, {0, 0})},
                    Shape{2, 3, 7, 5, 2, 3, 2, settings({1, 0}, {0, 2})},
                    Shape{2, 2, 9, 8, 3, 3, 3, settings({1, 1}, {1, 1}, {2, 3})},
                    Shape{1, 2, 9, 9, 5, 3, 2, settings({2, 1}, {2, 1}, {1, 2}, {2, 3})},
                    Shape{2, 2, 6, 7, 3, 3, 2,
                          settings({1, 1}, {1, 0}, {1, 1}, {1, 1}, CUDNN_CONVOLUTION)}));

}  // namespace
}  // namespace lenet::emulation::test
