#include "cuda/network.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "cuda/error.h"
#include "cuda/launch.h"

namespace lenet::cuda {
namespace {

// What cuBLAS recommends for the newest chips; cuDNN's plans share it, since all is one stream.
constexpr size_t kCublasWorkspace = size_t{32} << 20;
// Batch sizes whose plans are kept. A user who trains with more different ones pays for it in time.
constexpr size_t kMaxShapes = 32;

constexpr int code_of(Activation activation) { return static_cast<int>(activation); }
static_assert(code_of(Activation::SIGMOID) == kSigmoid && code_of(Activation::TANH) == kTanh &&
              code_of(Activation::RELU) == kRelu);

}  // namespace

// Lives as long as the network.
struct Network::State {
  float* parameters;  // these four as in layout
  float* velocities;
  float* gradient;
  float* scratch;
  Source* sources;  // [SLOTS]
  Sums* sums;       // [SLOTS]
  Slabs slabs;

  State(Carver& carver, const ParameterLayout& layout, int classes) {
    parameters = carver.take<float>(layout.size);
    velocities = carver.take<float>(layout.size);
    gradient = carver.take<float>(layout.size);
    scratch = carver.take<float>(layout.size);
    sources = carver.take<Source>(SLOTS);
    sums = carver.take<Sums>(SLOTS);
    slabs.biases = carver.take<float>(size_t{kSlabs} * (kFixedBiases + classes));
    slabs.losses = carver.take<double>(kSlabs);
    slabs.correct = carver.take<int32_t>(kSlabs);
  }
};

// Tensors of a mini-batch of up to `capacity` examples, N below. Their addresses do not depend on
// its size, so the graphs of all sizes share them.
struct Network::Activations {
  int capacity;
  uint8_t* staging;  // [kChunk][28][28]
  float* x;          // [N][28][28]
  int32_t* labels;   // [N]
  float* conv1;      // [N][6][28][28]; after backward the gradient of the pre-activations
  float* pool1;      // [N][6][14][14]
  float* conv2;      // [N][16][10][10], like conv1
  float* pool2;      // [N][400]
  float* fc1;        // [N][120]
  float* fc2;        // [N][84], like conv1
  float* logits;     // [K][N]; after the loss their gradient
  float* losses;     // [N]
  int32_t* correct;  // [N]
  float* dfc1;       // [N][120]
  float* dpool2;     // [N][400]
  float* dpool1;     // [N][6][14][14]
  float* conv1_parts;
  float* conv2_parts;

  Activations(Carver& carver, int batch, int classes) : capacity(batch) {
    const size_t n = batch;
    staging = carver.take<uint8_t>(size_t{kChunk} * kPixels);
    x = carver.take<float>(n * kPixels);
    labels = carver.take<int32_t>(n);
    conv1 = carver.take<float>(n * kConv1Values);
    pool1 = carver.take<float>(n * kPool1Values);
    conv2 = carver.take<float>(n * kConv2Values);
    pool2 = carver.take<float>(n * kFlat);
    fc1 = carver.take<float>(n * kFc1);
    fc2 = carver.take<float>(n * kFc2);
    logits = carver.take<float>(n * classes);
    losses = carver.take<float>(n);
    correct = carver.take<int32_t>(n);
    dfc1 = carver.take<float>(n * kFc1);
    dpool2 = carver.take<float>(n * kFlat);
    dpool1 = carver.take<float>(n * kPool1Values);
    conv1_parts = carver.take<float>(n * kConv1Channels * kPool1Size);
    conv2_parts = carver.take<float>(n * kConv2Channels * kPool2Size);
  }
};

// What is built once per batch size.
struct Network::Shape {
  struct Gradients {
    Plan conv1_weight;
    Plan conv2_weight;
    Plan conv2_data;
  };

  int batch;
  PlanTarget target;
  PlanOptions options;
  Plan conv1;
  Plan pool1;
  Plan conv2;
  Plan pool2;
  std::optional<Gradients> gradients;
  std::optional<Plan> conv1_plain;
  std::optional<Plan> conv2_plain;
  bool warm = false;
  GraphExec step;

  Shape(cudnnHandle_t cudnn, const Config& config, int batch_size)
      : batch(batch_size),
        target(PlanTarget::handle(cudnn)),
        options(options_of(config)),
        conv1(conv_bias_activation_forward(target, ConvLayer::CONV1, batch, config.activation,
                                           options)),
        pool1(pool_forward(target, ConvLayer::CONV1, batch, config.pooling, options)),
        conv2(conv_bias_activation_forward(target, ConvLayer::CONV2, batch, config.activation,
                                           options)),
        pool2(pool_forward(target, ConvLayer::CONV2, batch, config.pooling, options)) {}

  void add_gradients() {
    gradients.emplace(Gradients{conv_backward_filter(target, ConvLayer::CONV1, batch, options),
                                conv_backward_filter(target, ConvLayer::CONV2, batch, options),
                                conv_backward_data(target, ConvLayer::CONV2, batch, options)});
  }

  Plan& plain(ConvLayer layer) {
    std::optional<Plan>& plan = layer == ConvLayer::CONV1 ? conv1_plain : conv2_plain;
    if (!plan) plan.emplace(conv_bias_forward(target, layer, batch, options));
    return *plan;
  }

  static PlanOptions options_of(const Config& config) {
    PlanOptions options;
    options.allow_tf32 = config.tf32;
    return options;
  }

  size_t workspace_bytes() const {
    size_t bytes = std::max({conv1.workspace_bytes(), pool1.workspace_bytes(),
                             conv2.workspace_bytes(), pool2.workspace_bytes()});
    if (gradients) {
      bytes = std::max({bytes, gradients->conv1_weight.workspace_bytes(),
                        gradients->conv2_weight.workspace_bytes(),
                        gradients->conv2_data.workspace_bytes()});
    }
    return bytes;
  }
};

Network::Network(const Config& config) : config_(config), layout_(config.classes) {
  cudaStream_t stream = nullptr;
  LENET_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  stream_ = Stream(stream);

  cublasHandle_t cublas = nullptr;
  LENET_CHECK(cublasCreate(&cublas));
  cublas_ = CublasHandle(cublas);
  LENET_CHECK(cublasSetStream(cublas, stream));
  LENET_CHECK(
      cublasSetMathMode(cublas, config.tf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_PEDANTIC_MATH));
  reserve_workspace(kCublasWorkspace);

  cudnnHandle_t cudnn = nullptr;
  LENET_CHECK(cudnnCreate(&cudnn));
  cudnn_ = CudnnHandle(cudnn);
  LENET_CHECK(cudnnSetStream(cudnn, stream));

  Carver size(nullptr);
  State(size, layout_, config.classes);
  state_memory_ = DeviceMemory(size.bytes());
  Carver carver(state_memory_.data());
  state_ = std::make_unique<State>(carver, layout_, config.classes);
  LENET_CHECK(cudaMemsetAsync(state_memory_.data(), 0, state_memory_.bytes(), stream));
  synchronize();
}

Network::~Network() { static_cast<void>(cudaStreamSynchronize(stream_.get())); }

float* Network::parameters() { return state_->parameters; }
float* Network::velocities() { return state_->velocities; }
float* Network::gradient() { return state_->gradient; }

void Network::set_source(Slot slot, const Source& source) {
  upload(&state_->sources[slot], &source, sizeof source);
}

void Network::set_sums(Slot slot, const Sums& sums) {
  upload(&state_->sums[slot], &sums, sizeof sums);
}

Sums Network::sums(Slot slot) {
  Sums result;
  download(&result, &state_->sums[slot], sizeof result);
  return result;
}

void Network::upload(void* device, const void* host, size_t bytes) {
  LENET_CHECK(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, stream_.get()));
  synchronize();
}

void Network::download(void* host, const void* device, size_t bytes) {
  LENET_CHECK(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, stream_.get()));
  synchronize();
}

void Network::synchronize() { LENET_CHECK(cudaStreamSynchronize(stream_.get())); }

int Network::padded_batch(int images) {
  int size = 1;
  while (size < images) size *= 2;
  return size;
}

uint8_t* Network::staging() {
  reserve_activations(kChunk);
  return activations_->staging;
}

void Network::reserve_activations(int batch) {
  if (batch > kMaxBatch) {
    throw Error("a mini-batch on a cuda device may have up to " + std::to_string(kMaxBatch) +
                " examples, not " + std::to_string(batch));
  }
  if (activations_ && activations_->capacity >= batch) return;
  forget_graphs();
  // The old memory goes first: both may not fit.
  activations_.reset();
  activation_memory_ = DeviceMemory();
  const int capacity = std::max(batch, kChunk);
  Carver size(nullptr);
  Activations(size, capacity, config_.classes);
  activation_memory_ = DeviceMemory(size.bytes());
  Carver carver(activation_memory_.data());
  activations_ = std::make_unique<Activations>(carver, capacity, config_.classes);
  // The warm-up reads staging before anybody has filled it.
  LENET_CHECK(cudaMemsetAsync(activation_memory_.data(), 0, size.bytes(), stream_.get()));
}

void Network::reserve_workspace(size_t bytes) {
  if (workspace_.bytes() >= bytes) return;
  DeviceMemory larger(bytes);
  forget_graphs();
  // cuBLAS chooses its algorithms by the room it has: always the same, or the bits of a step would
  // hang on what else the engine has been asked for.
  LENET_CHECK(cublasSetWorkspace(cublas_.get(), larger.data(), kCublasWorkspace));
  workspace_ = std::move(larger);
}

// Graphs hold addresses; what moves ends them.
void Network::forget_graphs() {
  synchronize();
  for (auto& entry : shapes_) entry.second->step = GraphExec();
}

Network::Shape& Network::shape(int batch) {
  reserve_activations(batch);
  auto found = shapes_.find(batch);
  if (found != shapes_.end()) return *found->second;
  if (shapes_.size() >= kMaxShapes) {
    synchronize();
    shapes_.clear();
  }
  auto built = std::make_unique<Shape>(cudnn_.get(), config_, batch);
  reserve_workspace(built->workspace_bytes());
  return *(shapes_[batch] = std::move(built));
}

Network::Shape& Network::shape_with_gradients(int batch) {
  Shape& result = shape(batch);
  if (!result.gradients) result.add_gradients();
  reserve_workspace(result.workspace_bytes());
  return result;
}

void Network::prepare_training(int batch) {
  Shape& prepared = shape_with_gradients(batch);
  if (!prepared.warm) warm_up(prepared);
  if (config_.cuda_graph && graph_failure_.empty() && !prepared.step) capture(prepared);
}

// Libraries load code and settle their choices at the first call, which a capture would not allow.
// The step runs on one image, and its update on memory that nobody reads.
void Network::warm_up(Shape& shape) {
  Source source{};
  source.pixels = activations_->staging;
  source.rates = state_->scratch;
  source.count = 1;
  source.batch_size = shape.batch;
  set_source(WARM_UP, source);
  enqueue_step(shape, WARM_UP);
  synchronize();
  shape.warm = true;
}

// Without a graph the same calls are enqueued one by one, only slower: no reason to fail.
void Network::capture(Shape& shape) {
  try {
    // Thread-local: what other threads do meanwhile, such as allocating, is none of its business.
    LENET_CHECK(cudaStreamBeginCapture(stream_.get(), cudaStreamCaptureModeThreadLocal));
    std::exception_ptr failure;
    try {
      enqueue_step(shape, TRAINING);
    } catch (...) {
      failure = std::current_exception();
    }
    // A capture that has begun must end, whatever happened in it, or the stream would be of no use.
    cudaGraph_t captured = nullptr;
    const cudaError_t ended = cudaStreamEndCapture(stream_.get(), &captured);
    // CUDA does not say whether a call that fails has ended it; if not, the second one does.
    if (ended != cudaSuccess) static_cast<void>(cudaStreamEndCapture(stream_.get(), &captured));
    const Graph graph(captured);
    if (failure) std::rethrow_exception(failure);
    check(ended, {"cudaStreamEndCapture"});
    cudaGraphExec_t step = nullptr;
    LENET_CHECK(cudaGraphInstantiate(&step, graph.get(), 0));
    shape.step = GraphExec(step);
  } catch (const std::exception& e) {
    graph_failure_ = e.what();
  }
}

void Network::train(int batch) {
  prepare_training(batch);
  Shape& prepared = *shapes_.at(batch);
  if (prepared.step) {
    LENET_CHECK(cudaGraphLaunch(prepared.step.get(), stream_.get()));
  } else {
    enqueue_step(prepared, TRAINING);
  }
}

void Network::accumulate_gradient(int batch) {
  Shape& prepared = shape_with_gradients(batch);
  forward(prepared, OTHER);
  backward(prepared, OTHER);
  launch_finish_gradient(stream_.get(), layout_, state_->slabs, state_->gradient,
                         &state_->sums[OTHER]);
}

void Network::measure(int batch) {
  forward(shape(batch), OTHER);
  loss(batch, false);
  launch_sum_metrics(stream_.get(), batch, activations_->losses, activations_->correct,
                     state_->slabs);
  launch_finish_batch(stream_.get(), state_->slabs, &state_->sources[OTHER], &state_->sums[OTHER]);
}

const float* Network::probabilities(int batch) {
  forward(shape(batch), OTHER);
  return class_rows(batch, true);
}

const float* Network::layer_output(Layer layer, int batch) {
  Shape& prepared = shape(batch);
  forward(prepared, OTHER);
  Activations& a = *activations_;
  switch (layer) {
    case Layer::CONV1:
    case Layer::CONV2: {
      const bool first = layer == Layer::CONV1;
      Plan& plan = prepared.plain(first ? ConvLayer::CONV1 : ConvLayer::CONV2);
      reserve_workspace(plan.workspace_bytes());
      if (first) {
        convolve(plan, a.x, layout_.conv1_weight, layout_.conv1_bias, a.conv1);
        return a.conv1;
      }
      convolve(plan, a.pool1, layout_.conv2_weight, layout_.conv2_bias, a.conv2);
      return a.conv2;
    }
    case Layer::CONV1_ACTIVATION:
      return a.conv1;
    case Layer::POOL1:
      return a.pool1;
    case Layer::CONV2_ACTIVATION:
      return a.conv2;
    case Layer::POOL2:
    case Layer::FLATTEN:
      return a.pool2;
    case Layer::FC1:
      dense(batch, kFlat, kFc1, a.pool2, layout_.fc1_weight, layout_.fc1_bias, kIdentity, a.dfc1);
      return a.dfc1;
    case Layer::FC1_ACTIVATION:
      return a.fc1;
    case Layer::FC2:
      dense(batch, kFc1, kFc2, a.fc1, layout_.fc2_weight, layout_.fc2_bias, kIdentity, a.fc2);
      return a.fc2;
    case Layer::FC2_ACTIVATION:
      return a.fc2;
    case Layer::FC3:
      return class_rows(batch, false);
  }
  throw Error("unknown layer");
}

// 10 calls.
void Network::forward(Shape& shape, Slot slot) {
  const Activations& a = *activations_;
  const int batch = shape.batch;
  const int activation = code_of(config_.activation);
  launch_gather(stream_.get(), &state_->sources[slot], batch, config_.input_scale,
                config_.input_offset, a.x, a.labels);
  convolve(shape.conv1, a.x, layout_.conv1_weight, layout_.conv1_bias, a.conv1);
  execute(shape.pool1, {a.conv1, a.pool1});
  convolve(shape.conv2, a.pool1, layout_.conv2_weight, layout_.conv2_bias, a.conv2);
  execute(shape.pool2, {a.conv2, a.pool2});
  dense(batch, kFlat, kFc1, a.pool2, layout_.fc1_weight, layout_.fc1_bias, activation, a.fc1);
  dense(batch, kFc1, kFc2, a.fc1, layout_.fc2_weight, layout_.fc2_bias, activation, a.fc2);
  // logits [K][N] = weight [K][84] * fc2 [N][84]^T
  multiply(CUBLAS_OP_T, CUBLAS_OP_N, batch, config_.classes, kFc2, a.fc2, kFc2,
           state_->parameters + layout_.fc3_weight, kFc2, a.logits, batch);
}

// The logits or probabilities of the last forward pass, [N][K].
const float* Network::class_rows(int batch, bool softmax) {
  // conv1's memory is free by now.
  launch_class_rows(stream_.get(), batch, config_.classes, softmax,
                    state_->parameters + layout_.fc3_bias, activations_->logits,
                    activations_->conv1);
  return activations_->conv1;
}

void Network::loss(int batch, bool with_gradient) {
  const Activations& a = *activations_;
  launch_cross_entropy(stream_.get(), batch, config_.classes,
                       with_gradient ? config_.label_smoothing : 0, with_gradient,
                       1.0f / static_cast<float>(batch), a.labels,
                       state_->parameters + layout_.fc3_bias, a.logits, a.losses, a.correct);
}

// 14 calls.
void Network::backward(Shape& shape, Slot slot) {
  const Activations& a = *activations_;
  const State& s = *state_;
  const int batch = shape.batch;
  const int activation = code_of(config_.activation);
  const bool max = config_.pooling == Pooling::MAX;
  loss(batch, true);
  // dweight [K][84] = dlogits [K][N] * fc2 [N][84]
  multiply(CUBLAS_OP_N, CUBLAS_OP_N, kFc2, config_.classes, batch, a.fc2, kFc2, a.logits, batch,
           s.gradient + layout_.fc3_weight, kFc2);
  launch_head_backward(stream_.get(), batch, config_.classes, activation, a.logits,
                       s.parameters + layout_.fc3_weight, a.losses, a.correct, a.fc2, s.slabs);
  dense_backward_weight(batch, kFc1, kFc2, a.fc1, a.fc2, layout_.fc2_weight);
  dense_backward_data(batch, kFc1, kFc2, a.fc2, layout_.fc2_weight, a.dfc1);
  launch_fc1_backward(stream_.get(), batch, config_.classes, activation, a.fc1, a.dfc1, s.slabs);
  dense_backward_weight(batch, kFlat, kFc1, a.pool2, a.dfc1, layout_.fc1_weight);
  dense_backward_data(batch, kFlat, kFc1, a.dfc1, layout_.fc1_weight, a.dpool2);
  launch_pool_backward(stream_.get(), batch, kConv2Channels, kConv2Size, activation, max, a.dpool2,
                       a.conv2, a.conv2_parts);
  execute(shape.gradients->conv2_weight, {a.pool1, a.conv2, s.gradient + layout_.conv2_weight});
  execute(shape.gradients->conv2_data, {a.conv2, s.parameters + layout_.conv2_weight, a.dpool1});
  launch_pool_backward(stream_.get(), batch, kConv1Channels, kImageSize, activation, max, a.dpool1,
                       a.conv1, a.conv1_parts);
  execute(shape.gradients->conv1_weight, {a.x, a.conv1, s.gradient + layout_.conv1_weight});
  launch_reduce(stream_.get(), config_.classes, a.conv1_parts, batch * kPool1Size, a.conv2_parts,
                batch * kPool2Size, s.slabs.biases, &s.sources[slot]);
}

// 25 calls.
void Network::enqueue_step(Shape& shape, Slot slot) {
  const State& s = *state_;
  const bool real = slot == TRAINING;
  forward(shape, slot);
  backward(shape, slot);
  launch_update(stream_.get(), layout_, {config_.momentum, config_.weight_decay, config_.nesterov},
                s.slabs, &s.sources[slot], s.gradient, real ? s.velocities : s.scratch,
                real ? s.parameters : s.scratch, &s.sums[slot]);
}

void Network::convolve(Plan& plan, const float* x, int weight, int bias, float* y) {
  execute(plan, {x, state_->parameters + weight, state_->parameters + bias, y});
}

void Network::execute(Plan& plan, std::initializer_list<const void*> pointers) {
  plan.execute(cudnn_.get(), pointers.begin(), workspace_.data());
}

// c = a_op(a) * b_op(b), of [m][k] and [k][n], in cuBLAS's column-major terms: a row-major matrix
// is its own transpose there, and ld is the length of its rows.
void Network::multiply(cublasOperation_t a_op, cublasOperation_t b_op, int m, int n, int k,
                       const float* a, int lda, const float* b, int ldb, float* c, int ldc) {
  const float one = 1;
  const float zero = 0;
  LENET_CHECK(cublasSgemm(cublas_.get(), a_op, b_op, m, n, k, &one, a, lda, b, ldb, &zero, c, ldc));
}

// z [N][m] = activation(x [N][n] * weight [m][n]^T + bias [m])
void Network::dense(int batch, int n, int m, const float* x, int weight, int bias, int activation,
                    float* z) {
  multiply(CUBLAS_OP_T, CUBLAS_OP_N, m, batch, n, state_->parameters + weight, n, x, n, z, m);
  launch_bias_activation(stream_.get(), batch, m, activation, state_->parameters + bias, z);
}

// dx [N][n] = dz [N][m] * weight [m][n]
void Network::dense_backward_data(int batch, int n, int m, const float* dz, int weight, float* dx) {
  multiply(CUBLAS_OP_N, CUBLAS_OP_N, n, batch, m, state_->parameters + weight, n, dz, m, dx, n);
}

// dweight [m][n] = dz [N][m]^T * x [N][n]
void Network::dense_backward_weight(int batch, int n, int m, const float* x, const float* dz,
                                    int weight) {
  multiply(CUBLAS_OP_N, CUBLAS_OP_T, n, m, batch, x, n, dz, m, state_->gradient + weight, n);
}

}  // namespace lenet::cuda
