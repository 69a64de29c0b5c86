// The other operations, PyTorch's numbers, and what the emulation refuses beyond
// cudnn_rejection_test.cpp.
#include <cmath>
#include <limits>

#include "tests/plan_fixture.h"
#include "tests/torch_numbers.h"

namespace lenet::emulation::test {
namespace {

// The shapes of make_torch_numbers.py.
const Dims kX{2, 2, 4, 4}, kW{3, 2, 3, 3}, kB{1, 3, 1, 1}, kY{2, 3, 4, 4}, kPooled{2, 2, 2, 2};

class CudnnTest : public PlanTest {
 protected:
  const Backend& convolution() {
    ConvolutionSettings settings;
    settings.pre = settings.post = {1, 1};
    return finalized(raw_convolution(settings));
  }

  // x 1, w 2, y 3
  const Backend& forward(float alpha = 1, float beta = 0) {
    return finalized(raw_forward(convolution(), tensor_of(1, kX), tensor_of(2, kW),
                                 tensor_of(3, kY), alpha, beta));
  }

  // x 1, w 2, b 4, y 3
  std::vector<const Backend*> forward_bias_activation(cudnnPointwiseMode_t mode) {
    const Backend& product = tensor_of(10, kY, true);
    const Backend& sum = tensor_of(11, kY, true);
    const Backend& b = tensor_of(4, kB);
    return {&finalized(raw_forward(convolution(), tensor_of(1, kX), tensor_of(2, kW), product)),
            &finalized(raw_pointwise(finalized(raw_pointwise_mode(CUDNN_POINTWISE_ADD)), product,
                                     sum, &b)),
            &finalized(raw_pointwise(finalized(raw_pointwise_mode(mode)), sum, tensor_of(3, kY)))};
  }

  std::map<int64_t, float*> inputs() {
    return {{1, device_array(numbers(64, 1))}, {2, device_array(numbers(54, 2))}};
  }
};

TEST_F(CudnnTest, ConvolutionsAreThoseOfPyTorch) {
  expect_close(kTorchConvolution, output_of(plan_for({&forward()}), inputs(), 3, 96));
  float *dy = device_array(numbers(96, 4)), *x = inputs()[1], *w = inputs()[2];
  const Backend& data = plan_for({&finalized(
      raw_backward_data(convolution(), tensor_of(1, kY), tensor_of(2, kW), tensor_of(3, kX)))});
  expect_close(kTorchDx, output_of(data, {{1, dy}, {2, w}}, 3, 64));
  const Backend& filter = plan_for({&finalized(
      raw_backward_filter(convolution(), tensor_of(1, kX), tensor_of(2, kY), tensor_of(3, kW)))});
  expect_close(kTorchDw, output_of(filter, {{1, x}, {2, dy}}, 3, 54));
}

TEST_F(CudnnTest, BiasAndActivationAreThoseOfPyTorch) {
  for (auto [mode, expected] : {std::pair(CUDNN_POINTWISE_SIGMOID_FWD, &kTorchSigmoid),
                                std::pair(CUDNN_POINTWISE_TANH_FWD, &kTorchTanh),
                                std::pair(CUDNN_POINTWISE_RELU_FWD, &kTorchRelu)}) {
    std::map<int64_t, float*> pointers = inputs();
    pointers[4] = device_array(numbers(3, 3));
    expect_close(*expected, output_of(plan_for(forward_bias_activation(mode)), pointers, 3, 96));
  }
}

// The documented default; edge_test.cpp of the engine asks for the other.
TEST_F(CudnnTest, ReluHidesANanUnlessItIsToPropagateIt) {
  std::map<int64_t, float*> pointers = inputs();
  pointers[4] = device_array(std::vector<float>(3, NAN));
  EXPECT_EQ(
      std::vector<float>(96, 0),
      output_of(plan_for(forward_bias_activation(CUDNN_POINTWISE_RELU_FWD)), pointers, 3, 96));
}

TEST_F(CudnnTest, OperationsMayComeInAnyOrder) {
  auto operations = forward_bias_activation(CUDNN_POINTWISE_SIGMOID_FWD);
  std::map<int64_t, float*> pointers = inputs();
  pointers[4] = device_array(numbers(3, 3));
  expect_close(kTorchSigmoid,
               output_of(plan_for({operations[2], operations[0], operations[1]}), pointers, 3, 96));
}

TEST_F(CudnnTest, PoolingsAreThoseOfPyTorch) {
  float* x = device_array(numbers(64, 1));
  for (auto [mode, expected] : {std::pair(CUDNN_RESAMPLE_AVGPOOL_INCLUDE_PADDING, &kTorchAverage),
                                std::pair(CUDNN_RESAMPLE_MAXPOOL, &kTorchMaximum)}) {
    const Backend& pooling = finalized(raw_pooling(mode, {2, 2}, {2, 2}, {0, 0}));
    const Backend& plan = plan_for(
        {&finalized(raw_pooling_forward(pooling, tensor_of(1, kX), tensor_of(2, kPooled)))});
    expect_close(*expected, output_of(plan, {{1, x}}, 2, 16));
  }
}

TEST_F(CudnnTest, TheGradientOfAnAverageIsPyTorchs) {
  const Backend& pooling =
      finalized(raw_pooling(CUDNN_RESAMPLE_AVGPOOL_INCLUDE_PADDING, {2, 2}, {2, 2}, {0, 0}));
  const Backend& plan = plan_for({&finalized(raw_pooling_backward(
      pooling, tensor_of(1, kX), tensor_of(2, kPooled), tensor_of(3, kPooled), tensor_of(4, kX)))});
  std::map<int64_t, float*> pointers{{1, device_array<float>(64)},
                                     {2, device_array<float>(16)},
                                     {3, device_array(numbers(16, 5))}};
  expect_close(kTorchAverageDx, output_of(plan, pointers, 4, 64));
}

TEST_F(CudnnTest, PaddedAndOverlappingWindows) {
  std::vector<float> x{1, 2, 3, 4, 5, 6, 7, 8, 9};  // 3 x 3; windows of 2 x 2 with stride 2
  struct Case {
    cudnnResampleMode_t mode;
    std::vector<double> expected;
  };
  for (const Case& c : {Case{CUDNN_RESAMPLE_AVGPOOL_INCLUDE_PADDING, {.25, 1.25, 2.75, 7}},
                        Case{CUDNN_RESAMPLE_AVGPOOL_EXCLUDE_PADDING, {1, 2.5, 5.5, 7}},
                        Case{CUDNN_RESAMPLE_MAXPOOL, {1, 3, 7, 9}}}) {
    const Backend& pooling = finalized(raw_pooling(c.mode, {2, 2}, {2, 2}, {1, 1}));
    const Backend& plan = plan_for({&finalized(
        raw_pooling_forward(pooling, tensor_of(1, {1, 1, 3, 3}), tensor_of(2, {1, 1, 2, 2})))});
    expect_close(c.expected, output_of(plan, {{1, device_array(x)}}, 2, 4));
  }
}

TEST_F(CudnnTest, AMaximumPassesNanOnIfAskedTo) {
  float nan = std::numeric_limits<float>::quiet_NaN();
  float* x = device_array(std::vector<float>{nan, 1, 2, 3});
  for (bool propagate : {true, false}) {
    const Backend& pooling =
        finalized(raw_pooling(CUDNN_RESAMPLE_MAXPOOL, {2, 2}, {2, 2}, {0, 0}, propagate));
    const Backend& plan = plan_for({&finalized(
        raw_pooling_forward(pooling, tensor_of(1, {1, 1, 2, 2}), tensor_of(2, {1, 1, 1, 1})))});
    float y = output_of(plan, {{1, x}}, 2, 1)[0];
    EXPECT_TRUE(propagate ? std::isnan(y) : y == 3) << y;
  }
}

TEST_F(CudnnTest, AlphaScalesAndBetaKeeps) {
  std::vector<double> expected;
  for (double value : kTorchConvolution) expected.push_back(2 * value + 3 * 0.5);
  std::map<int64_t, float*> pointers = inputs();
  pointers[3] = device_array(std::vector<float>(96, 0.5f));
  expect_close(expected, output_of(plan_for({&forward(2, 3)}), pointers, 3, 96));
}

TEST_F(CudnnTest, EnginesDifferAsTheirNotesSay) {
  const Backend& graph = finalized(raw_graph({&forward()}));
  auto all = configs(graph, CUDNN_HEUR_MODE_A);
  ASSERT_EQ(5u, all.size());
  std::map<int64_t, float*> pointers = inputs();
  std::vector<float> precise = output_of(finalized(raw_plan(*all[4])), pointers, 3, 96);
  EXPECT_NE(precise, output_of(finalized(raw_plan(*all[0])), pointers, 3, 96)) << "TF32";
  const Backend& unordered = finalized(raw_plan(*all[1]));
  EXPECT_NE(output_of(unordered, pointers, 3, 96), output_of(unordered, pointers, 3, 96));
  EXPECT_EQ(CUDNN_STATUS_NOT_SUPPORTED_RUNTIME_PREREQUISITE_MISSING,
            raw_plan(*all[2]).finalize().status());
  lenet_emu_set("LENET_EMU_NVRTC", "1");
  EXPECT_EQ(precise, output_of(finalized(raw_plan(*all[2])), pointers, 3, 96));
  lenet_emu_set("LENET_EMU_NVRTC", nullptr);
  EXPECT_EQ(1u, lenet_emu_ledger_get("cudnn.compiled_at_run_time"));
  pointers[3] = device_array<float>(96);
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT,
            execute(finalized(raw_plan(*all[3])), pointers))
      << "a terabyte of workspace";
  EXPECT_EQ(precise, output_of(plan_for({&forward()}), pointers, 3, 96)) << "run after run";
}

TEST_F(CudnnTest, PoolingsAppearInTheFallbackModeOnly) {
  const Backend& pooling = finalized(raw_pooling(CUDNN_RESAMPLE_MAXPOOL, {2, 2}, {2, 2}, {0, 0}));
  const Backend& graph = finalized(raw_graph(
      {&finalized(raw_pooling_forward(pooling, tensor_of(1, kX), tensor_of(2, kPooled)))}));
  EXPECT_TRUE(configs(graph, CUDNN_HEUR_MODE_A).empty());
  EXPECT_TRUE(configs(graph, CUDNN_HEUR_MODE_B).empty());
  EXPECT_EQ(1u, configs(graph, CUDNN_HEUR_MODE_FALLBACK).size());
}

TEST_F(CudnnTest, TheGradientOfAMaximumHasNoEngine) {
  const Backend& pooling = finalized(raw_pooling(CUDNN_RESAMPLE_MAXPOOL, {2, 2}, {2, 2}, {0, 0}));
  const Backend& graph = finalized(
      raw_graph({&finalized(raw_pooling_backward(pooling, tensor_of(1, kX), tensor_of(2, kPooled),
                                                 tensor_of(3, kPooled), tensor_of(4, kX)))}));
  EXPECT_TRUE(configs(graph, CUDNN_HEUR_MODE_FALLBACK).empty());
}

TEST_F(CudnnTest, OtherPatternsAndLayoutsHaveNoEngine) {
  auto operations = forward_bias_activation(CUDNN_POINTWISE_RELU_FWD);
  const Backend& add_only = finalized(raw_pointwise(
      finalized(raw_pointwise_mode(CUDNN_POINTWISE_RELU_FWD)), tensor_of(1, kX), tensor_of(2, kX)));
  configs(finalized(raw_graph({&add_only})), CUDNN_HEUR_MODE_FALLBACK);
  EXPECT_EQ(CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN, heuristics_status_);
  const Backend& channels_last =
      finalized(raw_tensor(1, kX).set(CUDNN_ATTR_TENSOR_STRIDES, Dims{32, 1, 8, 2}));
  configs(finalized(raw_graph({&finalized(
              raw_forward(convolution(), channels_last, tensor_of(2, kW), tensor_of(3, kY)))})),
          CUDNN_HEUR_MODE_FALLBACK);
  EXPECT_EQ(CUDNN_STATUS_NOT_SUPPORTED_LAYOUT, heuristics_status_);
}

TEST_F(CudnnTest, GraphsMustBeWhole) {
  auto operations = forward_bias_activation(CUDNN_POINTWISE_RELU_FWD);
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, raw_graph({operations[0], operations[2]}).finalize().status());
  EXPECT_REASON("nothing computes the virtual tensor 11");
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM_DUPLICATED_ENTRIES,
            raw_graph({&forward(), &forward()}).finalize().status());
  const Backend& clash =
      finalized(raw_forward(convolution(), tensor_of(2, kX), tensor_of(2, kW), tensor_of(3, kY)));
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM_DUPLICATED_ENTRIES, raw_graph({&clash}).finalize().status());
}

TEST_F(CudnnTest, DescriptorsAreCheckedMoreStrictlyThanByTheRealLibrary) {
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, tensor(1, {2, 3, 4, 0}).status());
  Backend unfinalised = raw_tensor(1, kX);
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED,
            raw_forward(convolution(), tensor_of(1, kX), tensor_of(2, kW), tensor_of(3, kY))
                .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, unfinalised)
                .status());
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE,
            Backend(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR)
                .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, convolution())
                .status());
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM,
            Backend(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR)
                .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, tensor_of(1, kX))
                .finalize()
                .status());
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM,
            Backend(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR).finalize().status());
  EXPECT_EQ(CUDNN_STATUS_NOT_SUPPORTED, Backend(CUDNN_BACKEND_MATMUL_DESCRIPTOR).status());
}

TEST_F(CudnnTest, ADestroyedPartIsNoticed) {
  auto x = std::make_unique<Backend>(tensor(1, kX));
  Backend operation = raw_forward(convolution(), *x, tensor_of(2, kW), tensor_of(3, kY));
  x.reset();
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, operation.finalize().status());
  EXPECT_REASON("destroyed");
}

TEST_F(CudnnTest, DeadDescriptorsAndHandlesAreRefused) {
  cudnnBackendDescriptor_t descriptor;
  EXPECT_EQ(CUDNN_STATUS_SUCCESS,
            cudnnBackendCreateDescriptor(CUDNN_BACKEND_TENSOR_DESCRIPTOR, &descriptor));
  EXPECT_EQ(CUDNN_STATUS_SUCCESS, cudnnBackendDestroyDescriptor(descriptor));
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, cudnnBackendDestroyDescriptor(descriptor));
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, cudnnBackendFinalize(descriptor));
  cudnnHandle_t handle;
  EXPECT_EQ(CUDNN_STATUS_SUCCESS, cudnnCreate(&handle));
  EXPECT_EQ(CUDNN_STATUS_SUCCESS, cudnnDestroy(handle));
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, cudnnDestroy(handle));
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, cudnnSetStream(handle, stream_));
}

TEST_F(CudnnTest, TheVariantPackMustFitThePlan) {
  const Backend& plan = plan_for({&forward()});
  std::map<int64_t, float*> good = inputs();
  good[3] = device_array<float>(96);
  auto with = [&](int64_t id, float* pointer) {
    std::map<int64_t, float*> pointers = good;
    pointers[id] = pointer;
    return execute(plan, pointers);
  };
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, with(3, nullptr));
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, with(7, good[3])) << "no such tensor";
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER, with(1, good[1] + 1));
  EXPECT_EQ(CUDNN_STATUS_EXECUTION_FAILED, with(1, good[1] + 4)) << "ends outside its allocation";
  float host[96];
  EXPECT_NE(CUDNN_STATUS_SUCCESS, with(3, host));
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, with(3, static_cast<float*>(workspace_))) << "overlap";
  std::map<int64_t, float*> missing = good;
  missing.erase(2);
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, execute(plan, missing));
  EXPECT_REASON("no pointer for tensor 2");
  EXPECT_EQ(0u, lenet_emu_pending()) << "nothing was enqueued";
}

TEST_F(CudnnTest, TheWorkspaceMustBeLargeEnough) {
  const Backend& plan = plan_for({&forward()});
  std::map<int64_t, float*> pointers = inputs();
  pointers[3] = device_array<float>(96);
  int64_t bytes = 0, count = 0;
  EXPECT_EQ(CUDNN_STATUS_SUCCESS,
            cudnnBackendGetAttribute(plan.raw(), CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
                                     CUDNN_TYPE_INT64, 1, &count, &bytes));
  EXPECT_GT(bytes, 0);
  workspace_ = device_array<char>(static_cast<size_t>(bytes) - 1);
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT, execute(plan, pointers));
  workspace_ = nullptr;
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, execute(plan, pointers));
}

TEST_F(CudnnTest, PlansAndPacksMustBeFinalised) {
  const Backend& plan = plan_for({&forward()});
  Backend pack = raw_variant_pack({1}, {workspace_}, workspace_);
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, cudnnBackendExecute(handle_, plan.raw(), pack.raw()));
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, cudnnBackendExecute(handle_, pack.raw(), plan.raw()));
}

TEST_F(CudnnTest, EverythingBelongsToOneDevice) {
  const Backend& plan = plan_for({&forward()});
  std::map<int64_t, float*> pointers = inputs();
  pointers[3] = device_array<float>(96);
  EXPECT_OK(cudaSetDevice(1));
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, execute(plan, pointers));
  cudaStream_t stream;
  EXPECT_OK(cudaStreamCreate(&stream));
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM_STREAM_MISMATCH, cudnnSetStream(handle_, stream));
  EXPECT_OK(cudaStreamDestroy(stream));
  EXPECT_EQ(CUDNN_STATUS_BAD_PARAM, cudnnDestroy(handle_));
  EXPECT_OK(cudaSetDevice(0));
}

TEST_F(CudnnTest, ExecutionsAreDeferredCapturedAndCounted) {
  const Backend& plan = plan_for({&forward()});
  std::map<int64_t, float*> pointers = inputs();
  pointers[3] = device_array<float>(96);
  EXPECT_OK(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
  EXPECT_EQ(CUDNN_STATUS_SUCCESS, execute(plan, pointers));
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  EXPECT_OK(cudaStreamEndCapture(stream_, &graph));
  EXPECT_OK(cudaGraphInstantiate(&exec, graph, 0));
  EXPECT_OK(cudaGraphLaunch(exec, stream_));
  EXPECT_EQ(1u, lenet_emu_ledger_get("replayed.cudnn"));
  EXPECT_EQ(0u, lenet_emu_ledger_get("enqueued.cudnn"));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  expect_close(kTorchConvolution, host_copy(pointers[3], 96));
  EXPECT_OK(cudaGraphDestroy(graph));
  EXPECT_OK(cudaGraphExecDestroy(exec));
}

TEST_F(CudnnTest, FaultsCanBeInjected) {
  const Backend& plan = plan_for({&forward()});
  std::map<int64_t, float*> pointers = inputs();
  pointers[3] = device_array<float>(96);
  lenet_emu_fail("cudnnBackendExecute", 1, 0);
  EXPECT_EQ(CUDNN_STATUS_EXECUTION_FAILED, execute(plan, pointers));
  EXPECT_EQ(CUDNN_STATUS_SUCCESS, execute(plan, pointers));
  lenet_emu_fail("cudnnBackendFinalize", 1, CUDNN_STATUS_INTERNAL_ERROR);
  EXPECT_EQ(CUDNN_STATUS_INTERNAL_ERROR, tensor(1, kX).status());
  char text[100] = "";
  cudnnGetLastErrorString(text, sizeof text);
  EXPECT_STREQ("cudnnBackendFinalize fails on purpose", text);
  EXPECT_STREQ("CUDNN_STATUS_BAD_PARAM", cudnnGetErrorString(CUDNN_STATUS_BAD_PARAM));
  EXPECT_OK(cudaStreamSynchronize(stream_));
}

}  // namespace
}  // namespace lenet::emulation::test
