// From lane-wise sums to the gradient, and the optimiser against PyTorch's formulas.
#include <memory>

#include "kernel_test.h"
#include "sgd.h"

namespace lenet {
namespace {

class UpdateTest : public KernelTest {
 protected:
  void check_sgd(const SgdStep& step) {
    for (int n = 1; n <= 67; n++) {
      SCOPED_TRACE(testing::Message() << n << " parameters");
      Guarded<float> gradient(n, n % 4), velocities(n, (n + 1) % 4), parameters(n, (n + 2) % 4);
      gradient = random(n);
      velocities = random(n);
      parameters = random(n);
      std::vector<Sum> expected_v(n), expected_p(n);
      for (int i = 0; i < n; i++) {
        const SgdReference expected(step, gradient[i], velocities[i], parameters[i]);
        expected_v[i] = expected.velocity;
        expected_p[i] = expected.parameter;
      }
      kernels().sgd(&step, n, gradient.get(), velocities.get(), parameters.get());
      closeness_.expect(expected_v, velocities.values(), "velocities");
      closeness_.expect(expected_p, parameters.values(), "parameters");
    }
  }
};

TEST_P(UpdateTest, SgdPlain) { check_sgd({0.9f, 0, 0, false}); }
TEST_P(UpdateTest, SgdWeightDecay) { check_sgd({0.1f, 0, 5e-2f, false}); }
TEST_P(UpdateTest, SgdMomentum) { check_sgd({0.05f, 0.9f, 0, false}); }
TEST_P(UpdateTest, SgdMomentumWeightDecay) { check_sgd({0.05f, 0.9f, 5e-2f, false}); }
TEST_P(UpdateTest, SgdNesterov) { check_sgd({0.05f, 0.9f, 0, true}); }
TEST_P(UpdateTest, SgdNesterovWeightDecay) { check_sgd({0.05f, 0.9f, 5e-2f, true}); }

TEST_P(UpdateTest, AddLaneSums) {
  const size_t L = lanes();
  for (int n = 1; n <= 67; n++) {
    SCOPED_TRACE(testing::Message() << n << " values");
    Guarded<float> values(n * L), sums(n, n % 4);
    values = random(values.size());
    sums = random(n);
    std::vector<Sum> expected(n);
    for (int i = 0; i < n; i++) {
      expected[i].add(sums[i]);
      for (size_t lane = 0; lane < L; lane++) expected[i].add(values[i * L + lane]);
    }
    kernels().add_lane_sums(n, values.get(), sums.get());
    closeness_.expect(expected, sums.values(), "sums");
  }
}

TEST_P(UpdateTest, SumGroups) {
  for (int group_count = 1; group_count <= 16; group_count++) {
    for (int n : {1, 15, 16, 17, 61}) {
      SCOPED_TRACE(testing::Message() << group_count << " groups of " << n);
      std::vector<std::unique_ptr<Guarded<float>>> groups;
      const float* pointers[16];
      // In the order of the groups: exact.
      std::vector<float> expected(n);
      for (int g = 0; g < group_count; g++) {
        groups.push_back(std::make_unique<Guarded<float>>(n, g % 4));
        *groups[g] = random(n);
        pointers[g] = groups[g]->get();
        for (int i = 0; i < n; i++)
          expected[i] = g == 0 ? pointers[g][i] : expected[i] + pointers[g][i];
      }
      Guarded<float> sums(n, group_count % 4);
      kernels().sum_groups(pointers, group_count, n, sums.get());
      EXPECT_EQ(sums.values(), expected);
    }
  }
}

LENET_FOR_EVERY_ISA(UpdateTest);

}  // namespace
}  // namespace lenet
