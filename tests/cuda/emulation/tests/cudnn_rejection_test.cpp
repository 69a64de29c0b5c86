// What both the real cuDNN and the emulation refuse, with the same status. It needs no device, so
// it runs on the real library too (emulation_real_cudnn_tests). What only the emulation refuses is
// in cudnn_test.cpp.
#include <gtest/gtest.h>

#include "tests/backend.h"

namespace lenet::emulation::test {
namespace {

TEST(CudnnRejectionTest, AttributeOfAnotherType) {
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE,
            raw_tensor(1, {2, 3, 4, 5}).set(CUDNN_ATTR_TENSOR_UNIQUE_ID, 1.0f).status());
}

TEST(CudnnRejectionTest, WrongNumberOfValues) {
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM,
            raw_tensor(1, {2, 3, 4, 5}).set(CUDNN_ATTR_TENSOR_UNIQUE_ID, Dims{1, 2}).status());
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM,
            raw_tensor(1, {2, 3, 4, 5}).set(CUDNN_ATTR_TENSOR_DIMENSIONS, Dims{}).status());
}

TEST(CudnnRejectionTest, AttributeOfAnotherDescriptor) {
  EXPECT_EQ(
      CUDNN_STATUS_BAD_PARAM,
      raw_tensor(1, {2, 3, 4, 5}).set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, int64_t{2}).status());
}

TEST(CudnnRejectionTest, NullArguments) {
  int64_t value = 1;
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM,
            raw_tensor(1, {2, 3, 4, 5})
                .set_raw(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, nullptr)
                .status());
  EXPECT_EQ(
      CUDNN_STATUS_BAD_PARAM_NULL_POINTER,
      cudnnBackendSetAttribute(nullptr, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &value));
}

TEST(CudnnRejectionTest, ReadingBeforeFinalising) {
  Backend t = raw_tensor(1, {2, 3, 4, 5});
  int64_t values[4], count = 0;
  EXPECT_EQ(CUDNN_STATUS_NOT_INITIALIZED,
            cudnnBackendGetAttribute(t.raw(), CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4,
                                     &count, values));
}

TEST(CudnnRejectionTest, ReadingAfterFinalising) {
  Backend t = tensor(1, {2, 3, 4, 5});
  int64_t values[4] = {}, count = 0;
  EXPECT_EQ(CUDNN_STATUS_SUCCESS, cudnnBackendGetAttribute(t.raw(), CUDNN_ATTR_TENSOR_DIMENSIONS,
                                                           CUDNN_TYPE_INT64, 0, &count, nullptr));
  EXPECT_EQ(4, count);
  EXPECT_EQ(CUDNN_STATUS_SUCCESS, cudnnBackendGetAttribute(t.raw(), CUDNN_ATTR_TENSOR_DIMENSIONS,
                                                           CUDNN_TYPE_INT64, 2, &count, values));
  EXPECT_EQ(2, count);
  EXPECT_EQ(3, values[1]);
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE,
            cudnnBackendGetAttribute(t.raw(), CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_FLOAT, 4,
                                     &count, values));
}

TEST(CudnnRejectionTest, AFinalisedDescriptorIsConstant) {
  Backend t = tensor(1, {2, 3, 4, 5});
  EXPECT_EQ(CUDNN_STATUS_SUCCESS, t.status());
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, t.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, int64_t{2}).status());
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, t.finalize().status());
}

TEST(CudnnRejectionTest, IncompleteDescriptors) {
  for (auto type : {CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR}) {
    EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, Backend(type).finalize().status()) << type;
  }
}

TEST(CudnnRejectionTest, ImpossibleTensors) {
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, tensor(1, {2, 3, 4, -1}).status());
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, raw_tensor(1, {2, 3, 4, 4})
                                        .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, int64_t{3})
                                        .finalize()
                                        .status());
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, raw_tensor(1, {2, 3, 4, 4})
                                        .set(CUDNN_ATTR_TENSOR_STRIDES, Dims{1, 2, 3})
                                        .finalize()
                                        .status());
}

TEST(CudnnRejectionTest, ImpossibleConvolutions) {
  EXPECT_EQ(
      CUDNN_STATUS_BAD_PARAM,
      raw_convolution({}).set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, Dims{2}).finalize().status());
  ConvolutionSettings negative;
  negative.pre = {-1, -1};
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, raw_convolution(negative).finalize().status());
}

TEST(CudnnRejectionTest, TensorsThatDoNotFitTheConvolution) {
  ConvolutionSettings padded;
  padded.pre = padded.post = {2, 2};
  Backend c = raw_convolution(padded).finalize();
  Backend x = tensor(1, {2, 1, 28, 28}), w = tensor(2, {6, 1, 5, 5});
  Backend y = tensor(3, {2, 6, 28, 28}), small_y = tensor(3, {2, 6, 24, 24});
  Backend deep_w = tensor(2, {6, 2, 5, 5});
  EXPECT_EQ(CUDNN_STATUS_SUCCESS, raw_forward(c, x, w, y).finalize().status());
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, raw_forward(c, x, w, small_y).finalize().status());
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, raw_forward(c, x, deep_w, y).finalize().status());
}

TEST(CudnnRejectionTest, AnUnfinalisedOperationInAGraph) {
  Backend c = raw_convolution({}).finalize();
  Backend x = tensor(1, {2, 1, 8, 8}), w = tensor(2, {6, 1, 5, 5}), y = tensor(3, {2, 6, 4, 4});
  Backend operation = raw_forward(c, x, w, y);
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, Backend(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR)
                                                      .set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation)
                                                      .status());
}

TEST(CudnnRejectionTest, AVariantPackWithMoreIdsThanPointers) {
  int somewhere;
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM,
            raw_variant_pack({1, 2}, {&somewhere}, nullptr).finalize().status());
}

}  // namespace
}  // namespace lenet::emulation::test
