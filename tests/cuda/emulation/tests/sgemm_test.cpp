#include <cublas_v2.h>

#include <tuple>

#include "tests/fixture.h"
#include "tests/numbers.h"
#include "tests/torch_numbers.h"

namespace lenet::emulation::test {
namespace {

class SgemmTest : public StreamTest {
 protected:
  void SetUp() override {
    StreamTest::SetUp();
    ASSERT_EQ(CUBLAS_STATUS_SUCCESS, cublasCreate(&handle_));
    ASSERT_EQ(CUBLAS_STATUS_SUCCESS, cublasSetStream(handle_, stream_));
    a_ = device_array(numbers(64, 1));
    b_ = device_array(numbers(64, 2));
    c_ = device_array(numbers(64, 3));
  }

  void TearDown() override {
    EXPECT_EQ(CUBLAS_STATUS_SUCCESS, cublasDestroy(handle_));
    StreamTest::TearDown();
  }

  // 4 x 4 matrices, unless told otherwise.
  cublasStatus_t sgemm(int m, int n, int k, int lda, int ldb, int ldc,
                       cublasOperation_t transa = CUBLAS_OP_N,
                       cublasOperation_t transb = CUBLAS_OP_N) {
    return cublasSgemm(handle_, transa, transb, m, n, k, &one_, a_, lda, b_, ldb, &zero_, c_, ldc);
  }

  cublasHandle_t handle_ = nullptr;
  float *a_ = nullptr, *b_ = nullptr, *c_ = nullptr;
  float one_ = 1, zero_ = 0;
};

using Case = std::tuple<bool, bool, int, int, int, float, float>;

class SgemmParityTest : public SgemmTest, public testing::WithParamInterface<Case> {};

TEST_P(SgemmParityTest, EqualsThePlainLoops) {
  auto [ta, tb, m, n, k, alpha, beta] = GetParam();
  int lda = (ta ? k : m) + 1, ldb = (tb ? n : k) + 2, ldc = m + 3;
  std::vector<float> a = numbers(static_cast<size_t>(lda * (ta ? m : k)), 1);
  std::vector<float> b = numbers(static_cast<size_t>(ldb * (tb ? k : n)), 2);
  std::vector<float> c = numbers(static_cast<size_t>(ldc * n), 3);
  std::vector<double> expected(c.begin(), c.end());
  for (int i = 0; i < m; i++) {
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int p = 0; p < k; p++) {
        sum += double{a[static_cast<size_t>(ta ? i * lda + p : p * lda + i)]} *
               double{b[static_cast<size_t>(tb ? p * ldb + j : j * ldb + p)]};
      }
      double& value = expected[static_cast<size_t>(j * ldc + i)];
      value = alpha * sum + (beta == 0 ? 0 : beta * value);
    }
  }
  float *da = device_array(a), *db = device_array(b), *dc = device_array(c);
  ASSERT_EQ(CUBLAS_STATUS_SUCCESS,
            cublasSgemm(handle_, ta ? CUBLAS_OP_T : CUBLAS_OP_N, tb ? CUBLAS_OP_T : CUBLAS_OP_N, m,
                        n, k, &alpha, da, lda, db, ldb, &beta, dc, ldc));
  ASSERT_OK(cudaStreamSynchronize(stream_));
  expect_close(expected, host_copy(dc, c.size()));
}

INSTANTIATE_TEST_SUITE_P(All, SgemmParityTest,
                         testing::Combine(testing::Bool(), testing::Bool(),
                                          testing::Values(1, 5, 84), testing::Values(1, 7),
                                          testing::Values(10), testing::Values(0.5f),
                                          testing::Values(0.0f, -2.0f)));

// The shapes of make_torch_numbers.py.
TEST_F(SgemmTest, EqualsPyTorch) {
  constexpr int kM = 3, kN = 4, kK = 5;
  const float alpha = 0.5f, beta = -2;
  for (bool ta : {false, true}) {
    for (bool tb : {false, true}) {
      const int lda = (ta ? kK : kM) + 1, ldb = (tb ? kN : kK) + 2, ldc = kM + 3;
      a_ = device_array(numbers(static_cast<size_t>(lda * (ta ? kM : kK)), 1));
      b_ = device_array(numbers(static_cast<size_t>(ldb * (tb ? kK : kN)), 2));
      c_ = device_array(numbers(static_cast<size_t>(ldc * kN), 3));
      ASSERT_EQ(CUBLAS_STATUS_SUCCESS,
                cublasSgemm(handle_, ta ? CUBLAS_OP_T : CUBLAS_OP_N, tb ? CUBLAS_OP_T : CUBLAS_OP_N,
                            kM, kN, kK, &alpha, a_, lda, b_, ldb, &beta, c_, ldc));
      ASSERT_OK(cudaStreamSynchronize(stream_));
      const std::vector<double>& expected =
          ta ? (tb ? kTorchProductTT : kTorchProductTN) : (tb ? kTorchProductNT : kTorchProductNN);
      expect_close(expected, host_copy(c_, expected.size()));
    }
  }
}

TEST_F(SgemmTest, BetaZeroDoesNotReadTheOutput) {
  c_ = device_array<float>(16);
  EXPECT_EQ(CUBLAS_STATUS_SUCCESS, sgemm(4, 4, 4, 4, 4, 4));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  for (float value : host_copy(c_, 16)) EXPECT_FALSE(std::isnan(value));
}

TEST_F(SgemmTest, Tf32RoundsTheInputs) {
  float almost_one = 1 + 1.0f / 4096;  // needs 12 bits of mantissa; TF32 has 10
  a_ = device_array(std::vector<float>{almost_one});
  b_ = device_array(std::vector<float>{1});
  for (auto [mode, expected] :
       {std::pair(CUBLAS_DEFAULT_MATH, almost_one), std::pair(CUBLAS_PEDANTIC_MATH, almost_one),
        std::pair(CUBLAS_TF32_TENSOR_OP_MATH, 1.0f)}) {
    EXPECT_EQ(CUBLAS_STATUS_SUCCESS, cublasSetMathMode(handle_, mode));
    EXPECT_EQ(CUBLAS_STATUS_SUCCESS, sgemm(1, 1, 1, 1, 1, 1));
    EXPECT_OK(cudaStreamSynchronize(stream_));
    EXPECT_EQ(expected, host_copy(c_, 1)[0]);
  }
  EXPECT_EQ(CUBLAS_STATUS_INVALID_VALUE, cublasSetMathMode(handle_, static_cast<cublasMath_t>(77)));
}

TEST_F(SgemmTest, ScalarsCanLieOnTheDevice) {
  EXPECT_EQ(CUBLAS_STATUS_SUCCESS, cublasSetPointerMode(handle_, CUBLAS_POINTER_MODE_DEVICE));
  EXPECT_EQ(CUBLAS_STATUS_EXECUTION_FAILED, sgemm(4, 4, 4, 4, 4, 4)) << "alpha is a host pointer";
  float* scalars = device_array(std::vector<float>{2, 0});
  float *a = device_array(std::vector<float>{3}), *b = device_array(std::vector<float>{5});
  EXPECT_EQ(CUBLAS_STATUS_SUCCESS, cublasSgemm(handle_, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, scalars,
                                               a, 1, b, 1, scalars + 1, c_, 1));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(30, host_copy(c_, 1)[0]);
}

TEST_F(SgemmTest, LeadingDimensionsMustCoverTheRows) {
  EXPECT_EQ(CUBLAS_STATUS_INVALID_VALUE, sgemm(4, 4, 4, 3, 4, 4));
  EXPECT_EQ(CUBLAS_STATUS_INVALID_VALUE, sgemm(4, 4, 4, 4, 3, 4));
  EXPECT_EQ(CUBLAS_STATUS_INVALID_VALUE, sgemm(4, 4, 4, 4, 4, 3));
  EXPECT_EQ(CUBLAS_STATUS_INVALID_VALUE, sgemm(2, 4, 4, 2, 4, 2, CUBLAS_OP_T));
  EXPECT_EQ(CUBLAS_STATUS_INVALID_VALUE, sgemm(4, 4, 2, 4, 2, 4, CUBLAS_OP_N, CUBLAS_OP_T));
}

TEST_F(SgemmTest, ArgumentsAreChecked) {
  EXPECT_EQ(CUBLAS_STATUS_INVALID_VALUE, sgemm(-1, 4, 4, 4, 4, 4));
  EXPECT_EQ(CUBLAS_STATUS_INVALID_VALUE,
            sgemm(4, 4, 4, 4, 4, 4, static_cast<cublasOperation_t>(9)));
  EXPECT_EQ(CUBLAS_STATUS_INVALID_VALUE, cublasSgemm(handle_, CUBLAS_OP_N, CUBLAS_OP_N, 4, 4, 4,
                                                     nullptr, a_, 4, b_, 4, &zero_, c_, 4));
  EXPECT_EQ(CUBLAS_STATUS_SUCCESS, sgemm(0, 4, 4, 4, 4, 4));
  EXPECT_EQ(0u, lenet_emu_pending());
}

TEST_F(SgemmTest, MatricesMustLieInsideLiveMemory) {
  EXPECT_EQ(CUBLAS_STATUS_EXECUTION_FAILED, sgemm(4, 4, 4, 21, 4, 4)) << "4 columns of 21";
  EXPECT_REASON("sgemm NN 4x4x4 needs");
  EXPECT_EQ(CUBLAS_STATUS_SUCCESS, sgemm(4, 4, 4, 20, 4, 4)) << "its last column ends at 64";
  a_ = nullptr;
  EXPECT_EQ(CUBLAS_STATUS_EXECUTION_FAILED, sgemm(4, 4, 4, 4, 4, 4));
}

TEST_F(SgemmTest, SettingTheStreamTakesTheWorkspaceAway) {
  char* workspace = device_array<char>(8192);
  EXPECT_EQ(CUBLAS_STATUS_INVALID_VALUE, cublasSetWorkspace(handle_, workspace + 1, 256));
  EXPECT_EQ(CUBLAS_STATUS_INVALID_VALUE, cublasSetWorkspace(handle_, workspace, 8193));
  EXPECT_EQ(CUBLAS_STATUS_SUCCESS, cublasSetWorkspace(handle_, workspace, 8192));
  cudaGraph_t graph;
  EXPECT_OK(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
  EXPECT_EQ(CUBLAS_STATUS_SUCCESS, sgemm(4, 4, 4, 4, 4, 4));
  EXPECT_EQ(CUBLAS_STATUS_SUCCESS, cublasSetStream(handle_, stream_));
  EXPECT_EQ(CUBLAS_STATUS_INVALID_VALUE, sgemm(4, 4, 4, 4, 4, 4));
  EXPECT_REASON("workspace");
  EXPECT_OK(cudaStreamEndCapture(stream_, &graph));
  EXPECT_OK(cudaGraphDestroy(graph));
}

TEST_F(SgemmTest, TheWorkspaceIsScribbledOver) {
  char* workspace = device_array(std::vector<char>(4096, 1));
  EXPECT_EQ(CUBLAS_STATUS_SUCCESS, cublasSetWorkspace(handle_, workspace, 4096));
  EXPECT_EQ(CUBLAS_STATUS_SUCCESS, sgemm(4, 4, 4, 4, 4, 4));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_NE(1, host_copy(workspace, 4096)[0]);
}

TEST_F(SgemmTest, HandleStreamAndDeviceBelongTogether) {
  EXPECT_OK(cudaSetDevice(1));
  EXPECT_EQ(CUBLAS_STATUS_EXECUTION_FAILED, sgemm(4, 4, 4, 4, 4, 4));
  cudaStream_t other;
  EXPECT_OK(cudaStreamCreate(&other));
  EXPECT_EQ(CUBLAS_STATUS_INVALID_VALUE, cublasSetStream(handle_, other));
  EXPECT_OK(cudaStreamDestroy(other));
  EXPECT_EQ(CUBLAS_STATUS_EXECUTION_FAILED, cublasDestroy(handle_));
  EXPECT_REASON("another device");
  EXPECT_OK(cudaSetDevice(0));
}

TEST_F(SgemmTest, DeadHandlesAreRefused) {
  cublasHandle_t handle;
  EXPECT_EQ(CUBLAS_STATUS_SUCCESS, cublasCreate(&handle));
  EXPECT_EQ(CUBLAS_STATUS_SUCCESS, cublasDestroy(handle));
  EXPECT_EQ(CUBLAS_STATUS_NOT_INITIALIZED, cublasDestroy(handle));
  EXPECT_EQ(CUBLAS_STATUS_NOT_INITIALIZED, cublasSetStream(handle, nullptr));
}

TEST_F(SgemmTest, FaultsCanBeInjected) {
  lenet_emu_fail("cublasSgemm", 1, 0);
  EXPECT_EQ(CUBLAS_STATUS_EXECUTION_FAILED, sgemm(4, 4, 4, 4, 4, 4));
  EXPECT_EQ(CUBLAS_STATUS_SUCCESS, sgemm(4, 4, 4, 4, 4, 4));
  lenet_emu_fail("cublasCreate", 1, CUBLAS_STATUS_NOT_INITIALIZED);
  cublasHandle_t handle;
  EXPECT_EQ(CUBLAS_STATUS_NOT_INITIALIZED, cublasCreate(&handle));
  EXPECT_EQ(nullptr, handle);
}

TEST_F(SgemmTest, StatusesHaveNames) {
  EXPECT_STREQ("CUBLAS_STATUS_ALLOC_FAILED", cublasGetStatusName(CUBLAS_STATUS_ALLOC_FAILED));
  EXPECT_STREQ("success", cublasGetStatusString(CUBLAS_STATUS_SUCCESS));
  int major = 0;
  EXPECT_EQ(CUBLAS_STATUS_SUCCESS, cublasGetProperty(MAJOR_VERSION, &major));
  EXPECT_EQ(13, major);
}

}  // namespace
}  // namespace lenet::emulation::test
