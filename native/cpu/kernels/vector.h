// The vector type of the kernels: kLanes floats, one image in each lane. Every kernel source is
// compiled once per instruction set with its own LENET_ISA (a namespace) and LENET_LANES.
//
// Only GCC/Clang vector extensions, but for GCC's built-ins of max and min, and no function of the
// standard library that the linker could share with code for another instruction set: whatever is
// compiled here must stay here.
#pragma once

#include <cstdint>

#define LENET_INLINE static inline __attribute__((always_inline))
#define LENET_NOINLINE static __attribute__((noinline))

// An array of accumulators lives in memory unless every loop over it is unrolled.
#if defined(__clang__)
#define LENET_UNROLL _Pragma("clang loop unroll(full)")
#else
#define LENET_UNROLL _Pragma("GCC unroll 64")
#endif

namespace lenet::LENET_ISA {

constexpr int kLanes = LENET_LANES;

// Vectors that hold so many values.
constexpr int vectors_of(int values) { return (values + kLanes - 1) / kLanes; }

// Register blockings: accumulators and what feeds them must fit 32 vector registers or 16.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr bool kManyRegisters = true;
#else
constexpr bool kManyRegisters = false;
#endif

typedef float V __attribute__((vector_size(LENET_LANES * 4)));
typedef int32_t VI __attribute__((vector_size(LENET_LANES * 4)));
// The same at any address.
typedef float UnalignedV __attribute__((vector_size(LENET_LANES * 4), aligned(4), may_alias));

LENET_INLINE V load(const float* p) { return *reinterpret_cast<const UnalignedV*>(p); }
LENET_INLINE void store(float* p, V v) { *reinterpret_cast<UnalignedV*>(p) = v; }

// The first n floats, n at most kLanes; the rest is zero.
LENET_INLINE V load_partial(const float* p, int n) {
  if (n == kLanes) return load(p);
  float lanes[kLanes] = {};
  for (int i = 0; i < n; i++) lanes[i] = p[i];
  return load(lanes);
}
LENET_INLINE void store_partial(float* p, V v, int n) {
  if (n == kLanes) return store(p, v);
  float lanes[kLanes];
  store(lanes, v);
  for (int i = 0; i < n; i++) p[i] = lanes[i];
}

#if LENET_LANES == 16
LENET_INLINE V splat(float f) { return V{f, f, f, f, f, f, f, f, f, f, f, f, f, f, f, f}; }
LENET_INLINE V zip_low(V a, V b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
LENET_INLINE V zip_high(V a, V b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                                 31);
}
LENET_INLINE V unzip_even(V a, V b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}
LENET_INLINE V unzip_odd(V a, V b) {
  return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}
#elif LENET_LANES == 8
LENET_INLINE V splat(float f) { return V{f, f, f, f, f, f, f, f}; }
LENET_INLINE V zip_low(V a, V b) { return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
LENET_INLINE V zip_high(V a, V b) {
  return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}
LENET_INLINE V unzip_even(V a, V b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
}
LENET_INLINE V unzip_odd(V a, V b) {
  return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}
#elif LENET_LANES == 4
LENET_INLINE V splat(float f) { return V{f, f, f, f}; }
LENET_INLINE V zip_low(V a, V b) { return __builtin_shufflevector(a, b, 0, 4, 1, 5); }
LENET_INLINE V zip_high(V a, V b) { return __builtin_shufflevector(a, b, 2, 6, 3, 7); }
LENET_INLINE V unzip_even(V a, V b) { return __builtin_shufflevector(a, b, 0, 2, 4, 6); }
LENET_INLINE V unzip_odd(V a, V b) { return __builtin_shufflevector(a, b, 1, 3, 5, 7); }
#endif

// Three steps on the way from vectors to the sums of their lanes, each adding half of both vectors
// to the other half: in every 128 bits a0 + a2, b0 + b2, a1 + a3, b1 + b3; then a0 + a2, a1 + a3 of
// such results side by side; then neighbouring 128 bits. Shuffles within 128 bits are the fastest.
#if LENET_LANES == 16
LENET_INLINE V add_halves(V a, V b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29) +
         __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
}
LENET_INLINE V add_quarters(V a, V b) {
  return __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
         __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}
LENET_INLINE V add_blocks(V a, V b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
         __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}
#elif LENET_LANES == 8
LENET_INLINE V add_halves(V a, V b) {
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13) +
         __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
}
LENET_INLINE V add_quarters(V a, V b) {
  return __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13) +
         __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
}
LENET_INLINE V add_blocks(V a, V b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) +
         __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
}
#elif LENET_LANES == 4
LENET_INLINE V add_halves(V a, V b) {
  return __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);
}
LENET_INLINE V add_quarters(V a, V b) {
  return __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
}
LENET_INLINE V add_blocks(V a, V) { return a; }
#endif

// Both give b if either is NaN. Of the expressions for other compilers GCC makes a comparison and a
// masked move instead of the one instruction.
#if defined(__x86_64__) && !defined(__clang__)
#if LENET_LANES == 16
#define LENET_EXTREME(name, a, b) __builtin_ia32_##name##ps512_mask(a, b, a, -1, 4)
#elif LENET_LANES == 8
#define LENET_EXTREME(name, a, b) __builtin_ia32_##name##ps256(a, b)
#else
#define LENET_EXTREME(name, a, b) __builtin_ia32_##name##ps(a, b)
#endif
LENET_INLINE V max(V a, V b) { return LENET_EXTREME(max, a, b); }
LENET_INLINE V min(V a, V b) { return LENET_EXTREME(min, a, b); }
#undef LENET_EXTREME
#else
LENET_INLINE V max(V a, V b) { return a > b ? a : b; }
LENET_INLINE V min(V a, V b) { return a < b ? a : b; }
#endif

// Transposes a square of kLanes vectors in place: log2(kLanes) perfect shuffles.
LENET_INLINE void transpose(V* rows) {
  V shuffled[kLanes];
  LENET_UNROLL
  for (int round = 1; round < kLanes; round *= 2) {
    LENET_UNROLL
    for (int i = 0; i < kLanes / 2; i++) {
      shuffled[2 * i] = zip_low(rows[i], rows[i + kLanes / 2]);
      shuffled[2 * i + 1] = zip_high(rows[i], rows[i + kLanes / 2]);
    }
    LENET_UNROLL
    for (int i = 0; i < kLanes; i++) rows[i] = shuffled[i];
  }
}

// Lane i of the result is the sum of the lanes of rows[i]; in place of `rows`. A transposition that
// adds as it goes, so all lanes work, and in an order that does not depend on the compiler.
LENET_INLINE V sum_lanes(V* rows) {
  LENET_UNROLL
  for (int i = 0; i < kLanes / 2; i++) rows[i] = add_halves(rows[2 * i], rows[2 * i + 1]);
  LENET_UNROLL
  for (int i = 0; i < kLanes / 4; i++) rows[i] = add_quarters(rows[2 * i], rows[2 * i + 1]);
  LENET_UNROLL
  for (int n = kLanes / 8; n >= 1; n /= 2) {
    LENET_UNROLL
    for (int i = 0; i < n; i++) rows[i] = add_blocks(rows[2 * i], rows[2 * i + 1]);
  }
  return rows[0];
}

}  // namespace lenet::LENET_ISA
