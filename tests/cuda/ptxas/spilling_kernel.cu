// More values alive at once than the registers that it is allowed: this kernel has to spill.
extern "C" __global__ void __launch_bounds__(1024, 1)
    spill(const float* in, float* out, int rounds) {
  float values[128];
#pragma unroll
  for (int i = 0; i < 128; i++) values[i] = in[threadIdx.x + i * 1024];
  for (int round = 0; round < rounds; round++) {
#pragma unroll
    for (int i = 0; i < 128; i++) values[i] = values[i] * values[(i + 37) % 128] + 1;
  }
#pragma unroll
  for (int i = 0; i < 128; i++) out[threadIdx.x + i * 1024] = values[i];
}
