// Builds and runs execution plans of the emulated cuDNN.
#pragma once

#include <map>
#include <memory>

#include "tests/backend.h"
#include "tests/fixture.h"
#include "tests/numbers.h"

namespace lenet::emulation::test {

class PlanTest : public StreamTest {
 protected:
  void SetUp() override {
    StreamTest::SetUp();
    ASSERT_EQ(CUDNN_STATUS_SUCCESS, cudnnCreate(&handle_));
    ASSERT_EQ(CUDNN_STATUS_SUCCESS, cudnnSetStream(handle_, stream_));
    workspace_ = device_array<char>(1 << 20);
  }

  void TearDown() override {
    kept_.clear();
    EXPECT_EQ(CUDNN_STATUS_SUCCESS, cudnnDestroy(handle_));
    StreamTest::TearDown();
  }

  // Keeps it until the end of the test.
  const Backend& keep(Backend backend) {
    EXPECT_EQ(CUDNN_STATUS_SUCCESS, backend.status()) << lenet_emu_last_rejection();
    kept_.push_back(std::make_unique<Backend>(std::move(backend)));
    return *kept_.back();
  }
  const Backend& finalized(Backend backend) { return keep(backend.finalize()); }
  const Backend& tensor_of(int64_t id, const Dims& dims, bool is_virtual = false) {
    return keep(tensor(id, dims, is_virtual));
  }

  Backend raw_graph(const std::vector<const Backend*>& operations) {
    std::vector<cudnnBackendDescriptor_t> raw;
    for (const Backend* operation : operations) raw.push_back(operation->raw());
    return Backend(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR)
        .set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, handle_)
        .set_raw(CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                 static_cast<int64_t>(raw.size()), raw.data());
  }

  // The engine configurations for a graph; none if the mode refuses it.
  std::vector<const Backend*> configs(const Backend& graph, cudnnBackendHeurMode_t mode) {
    Backend heuristics = Backend(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR)
                             .set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph)
                             .set(CUDNN_ATTR_ENGINEHEUR_MODE, mode)
                             .finalize();
    heuristics_status_ = heuristics.status();
    if (heuristics_status_ != CUDNN_STATUS_SUCCESS) return {};
    int64_t count = 0;
    EXPECT_EQ(CUDNN_STATUS_SUCCESS,
              cudnnBackendGetAttribute(heuristics.raw(), CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                       CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &count, nullptr));
    std::vector<const Backend*> result;
    std::vector<cudnnBackendDescriptor_t> raw;
    for (int64_t i = 0; i < count; i++) {
      result.push_back(&keep(Backend(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR)));
      raw.push_back(result.back()->raw());
    }
    EXPECT_EQ(CUDNN_STATUS_SUCCESS,
              cudnnBackendGetAttribute(heuristics.raw(), CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                       CUDNN_TYPE_BACKEND_DESCRIPTOR, count, &count, raw.data()));
    return result;
  }

  Backend raw_plan(const Backend& config) {
    return Backend(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR)
        .set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, handle_)
        .set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config);
  }

  // The plan of the precise engine, which every supported graph has in the fallback mode.
  const Backend& plan_for(const std::vector<const Backend*>& operations) {
    const Backend& graph = finalized(raw_graph(operations));
    return finalized(raw_plan(*configs(graph, CUDNN_HEUR_MODE_FALLBACK).at(0)));
  }

  cudnnStatus_t execute(const Backend& plan, const std::map<int64_t, float*>& pointers) {
    Dims ids;
    std::vector<void*> values;
    for (auto [id, pointer] : pointers) {
      ids.push_back(id);
      values.push_back(pointer);
    }
    Backend pack = raw_variant_pack(ids, values, workspace_).finalize();
    if (pack.status() != CUDNN_STATUS_SUCCESS) return pack.status();
    return cudnnBackendExecute(handle_, plan.raw(), pack.raw());
  }

  // Executes the plan and returns its output.
  std::vector<float> output_of(const Backend& plan, std::map<int64_t, float*> pointers, int64_t id,
                               size_t size) {
    if (pointers.count(id) == 0) pointers[id] = device_array<float>(size);
    EXPECT_EQ(CUDNN_STATUS_SUCCESS, execute(plan, pointers)) << lenet_emu_last_rejection();
    EXPECT_OK(cudaStreamSynchronize(stream_));
    return host_copy(pointers[id], size);
  }

  cudnnHandle_t handle_ = nullptr;
  void* workspace_ = nullptr;
  cudnnStatus_t heuristics_status_ = CUDNN_STATUS_SUCCESS;

 private:
  std::vector<std::unique_ptr<Backend>> kept_;
};

inline Backend raw_backward_data(const Backend& convolution, const Backend& dy, const Backend& w,
                                 const Backend& dx) {
  return Backend(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, convolution)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, dy)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, w)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, dx)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, 1.0f)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, 0.0f);
}

inline Backend raw_backward_filter(const Backend& convolution, const Backend& x, const Backend& dy,
                                   const Backend& dw) {
  return Backend(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, convolution)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, x)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, dy)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, dw)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, 1.0f)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, 0.0f);
}

inline Backend raw_pointwise_mode(cudnnPointwiseMode_t mode) {
  return Backend(CUDNN_BACKEND_POINTWISE_DESCRIPTOR)
      .set(CUDNN_ATTR_POINTWISE_MODE, mode)
      .set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT);
}

inline Backend raw_pointwise(const Backend& mode, const Backend& x, const Backend& y,
                             const Backend* b = nullptr) {
  Backend operation = Backend(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR)
                          .set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, mode)
                          .set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x)
                          .set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
  if (b != nullptr) operation.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, *b);
  return operation;
}

inline Backend raw_pooling(cudnnResampleMode_t mode, const Dims& window, const Dims& stride,
                           const Dims& padding, bool propagate_nan = true) {
  return Backend(CUDNN_BACKEND_RESAMPLE_DESCRIPTOR)
      .set(CUDNN_ATTR_RESAMPLE_MODE, mode)
      .set(CUDNN_ATTR_RESAMPLE_COMP_TYPE, CUDNN_DATA_FLOAT)
      .set(CUDNN_ATTR_RESAMPLE_NAN_PROPAGATION,
           propagate_nan ? CUDNN_PROPAGATE_NAN : CUDNN_NOT_PROPAGATE_NAN)
      .set(CUDNN_ATTR_RESAMPLE_PADDING_MODE, CUDNN_NEG_INF_PAD)
      .set(CUDNN_ATTR_RESAMPLE_SPATIAL_DIMS, int64_t{2})
      .set(CUDNN_ATTR_RESAMPLE_WINDOW_DIMS, window)
      .set(CUDNN_ATTR_RESAMPLE_STRIDES, stride)
      .set(CUDNN_ATTR_RESAMPLE_PRE_PADDINGS, padding)
      .set(CUDNN_ATTR_RESAMPLE_POST_PADDINGS, padding);
}

inline Backend raw_pooling_forward(const Backend& pooling, const Backend& x, const Backend& y) {
  return Backend(CUDNN_BACKEND_OPERATION_RESAMPLE_FWD_DESCRIPTOR)
      .set(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_DESC, pooling)
      .set(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_XDESC, x)
      .set(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_YDESC, y);
}

inline Backend raw_pooling_backward(const Backend& pooling, const Backend& x, const Backend& y,
                                    const Backend& dy, const Backend& dx) {
  return Backend(CUDNN_BACKEND_OPERATION_RESAMPLE_BWD_DESCRIPTOR)
      .set(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DESC, pooling)
      .set(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_XDESC, x)
      .set(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_YDESC, y)
      .set(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DYDESC, dy)
      .set(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DXDESC, dx);
}

}  // namespace lenet::emulation::test
