// The native API of lenet4j: all that JavaCPP parses. One Engine trains and runs one LeNet on one
// device. No SIMD or CUDA type appears here.
//
// Every call validates its arguments and throws lenet::Error; none prints, aborts or leaves the
// engine unusable. An Engine is used by one thread at a time (the Java side holds the lock);
// different engines are independent.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#define LENET_API __attribute__((visibility("default")))

namespace lenet {

class LENET_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Keep in sync with org.lenet4j.engine.Activation, Pooling and Layer.
enum class Activation : int32_t { SIGMOID, TANH, RELU };
enum class Pooling : int32_t { AVG, MAX };
enum class Layer : int32_t {
  CONV1,
  CONV1_ACTIVATION,
  POOL1,
  CONV2,
  CONV2_ACTIVATION,
  POOL2,
  FLATTEN,
  FC1,
  FC1_ACTIVATION,
  FC2,
  FC2_ACTIVATION,
  FC3
};

/** What is fixed at creation; org.lenet4j.engine.EngineConfig documents each field. */
struct Config {
  int32_t classes = 10;
  Activation activation = Activation::SIGMOID;
  Pooling pooling = Pooling::AVG;
  float input_scale = 1.0f / 255;
  float input_offset = 0;
  float momentum = 0;
  bool nesterov = false;
  float weight_decay = 0;
  float label_smoothing = 0;
  bool flip = false;
  int32_t shift = 0;
  int64_t seed = 0;
  int32_t threads = 1;
  bool tf32 = false;
  bool cuda_graph = true;
};

/** Sums over examples. */
struct Metrics {
  double loss_sum = 0;
  int64_t correct = 0;
  int64_t count = 0;
};

/** One network with its parameters, datasets and training state on a device. */
class LENET_API Engine {
 public:
  /**
   * @param device "cpu", or "cuda:N" after open_cuda()
   * @param isa the kernels' instruction set, such as "x86-64-v3", or "" for the best one here
   */
  static std::unique_ptr<Engine> create(const char* device, const char* isa, const Config& config);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /** The device in full, such as "cpu (2 threads, x86-64-v4)". */
  std::string description() const;

  /**
   * Copies a dataset.
   * @param pixels [count][28][28]
   * @param labels [count], each below config.classes
   * @return its id
   */
  int32_t add_dataset(const uint8_t* pixels, const int32_t* labels, int32_t count);
  /** Ends the epoch if that runs over it. */
  void remove_dataset(int32_t dataset);

  /**
   * @param order [count] indices of examples
   * @param learning_rates [ceil(count / batch_size)]
   */
  void start_epoch(int32_t dataset, int32_t epoch, const int32_t* order, int32_t count,
                   int32_t batch_size, const float* learning_rates);
  void end_epoch();
  /** Trains on the next `batches` mini-batches of the epoch. */
  void run(int32_t batches);
  /** Mini-batches of the epoch already done. */
  int32_t batches_done() const;
  /** Where in the epoch run() goes on, for resuming. */
  void set_batches_done(int32_t batches);
  /** Training metrics since they were last taken. */
  Metrics take_metrics();
  /** The same without a reset. */
  Metrics metrics() const;
  void set_metrics(const Metrics& metrics);

  /** Over all examples, without augmentation or label smoothing. */
  Metrics evaluate(int32_t dataset);
  /**
   * @param indices [count]
   * @param gradient receives the gradient of the mean loss, [parameter_count()]
   * @return the mean loss
   */
  double gradients(int32_t dataset, const int32_t* indices, int32_t count, float* gradient);
  /**
   * @param images [count][28][28]
   * @param output receives [count][channels][height][width] of the layer
   */
  void layer_output(Layer layer, const uint8_t* images, int32_t count, float* output);
  /** @param probabilities receives [count][classes] */
  void predict(const uint8_t* images, int32_t count, float* probabilities);

  /** Floats in the parameter arena. */
  int32_t parameter_count() const;
  void read_parameters(float* parameters) const;
  void write_parameters(const float* parameters);
  void read_velocities(float* velocities) const;
  void write_velocities(const float* velocities);

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/** The instruction sets whose kernels this processor can run, best first, separated by spaces. */
LENET_API std::string cpu_instruction_sets();

/** Bytes that all engines hold now for parameters, activations and datasets; not those on GPUs. */
LENET_API int64_t native_bytes() noexcept;

/**
 * Opens the CUDA plugin, once for the process; later calls do nothing. Throws if it or a library
 * that it needs cannot be loaded, saying which.
 * @param path of liblenet_cuda.so
 */
LENET_API void open_cuda(const char* path);
/**
 * What the CUDA plugin finds: one line "key = value" per fact on versions and devices, problems
 * under the key "problem". Needs open_cuda() first, but no device.
 */
LENET_API std::string cuda_report();

}  // namespace lenet
