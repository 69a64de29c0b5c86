// lenet::Engine: validates every call, then passes it through the engine table. Only valid calls
// reach an engine.
#include "lenet/engine.h"

#include <cmath>
#include <cstring>
#include <map>
#include <utility>

#include "core/counted_bytes.h"
#include "core/engine_table.h"
#include "core/layout.h"
#include "core/plugin.h"
#include "cpu/cpu_engine.h"

namespace lenet {
namespace {

[[noreturn]] void fail(const std::string& message) { throw Error(message); }

const char* text(const char* part) { return part; }
std::string text(int32_t part) { return std::to_string(part); }

// The message is put together only when it is needed: some of these run for every example.
template <class... Parts>
void require(bool condition, const Parts&... message) {
  if (!condition) fail((std::string() + ... + text(message)));
}

void require_pointer(const void* pointer, const char* name) {
  require(pointer != nullptr, name, " must not be null");
}

bool is_fraction(float value) { return value >= 0 && value < 1; }

template <class Enum>
bool in_range(Enum value, Enum last) {
  return static_cast<int32_t>(value) >= 0 && value <= last;
}

void validate(const Config& config) {
  require(config.classes >= 1 && config.classes <= kMaxClasses, "classes must be 1 to ",
          kMaxClasses, ", was ", config.classes);
  require(in_range(config.activation, Activation::RELU), "unknown activation");
  require(in_range(config.pooling, Pooling::MAX), "unknown pooling");
  require(std::isfinite(config.input_scale) && std::isfinite(config.input_offset),
          "input scale and offset must be finite");
  require(is_fraction(config.momentum), "momentum must be at least 0 and below 1");
  require(!config.nesterov || config.momentum > 0, "nesterov needs a momentum above 0");
  require(std::isfinite(config.weight_decay) && config.weight_decay >= 0,
          "weight decay must be finite and not negative");
  require(is_fraction(config.label_smoothing), "label smoothing must be at least 0 and below 1");
  require(config.shift >= 0 && config.shift < kImageSize, "shift must be 0 to 27 pixels");
  require(config.threads >= 1 && config.threads <= 1024, "threads must be 1 to 1024, was ",
          config.threads);
}

// "cuda:0" to "cuda:999"
bool is_cuda_device(const char* device) {
  constexpr size_t kPrefix = 5;
  if (std::strncmp(device, "cuda:", kPrefix) != 0) return false;
  const size_t digits = std::strspn(device + kPrefix, "0123456789");
  return digits >= 1 && digits <= 3 && device[kPrefix + digits] == '\0';
}

const EngineTable* find_table(const char* device) {
  if (std::strcmp(device, "cpu") == 0) return cpu_engine_table();
  if (is_cuda_device(device)) return cuda_engine_table();
  fail(std::string("this build of liblenet has no engine for device '") + device +
       "'; devices are 'cpu' and 'cuda:N'");
}

}  // namespace

struct Engine::Impl {
  struct Epoch {
    int32_t dataset;
    int32_t batches;
  };

  const EngineTable* table = nullptr;
  void* engine = nullptr;
  Config config;
  std::map<int32_t, int32_t> dataset_sizes;
  Epoch epoch{-1, 0};

  Impl(const EngineTable* engine_table, const Config& engine_config)
      : table(engine_table), config(engine_config) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ~Impl() { table->destroy(engine); }

  template <class Function, class... Arguments>
  auto call(Function function, Arguments... arguments) const {
    Status status;
    if constexpr (std::is_void_v<decltype(function(engine, &status, arguments...))>) {
      function(engine, &status, arguments...);
      if (status.failed) fail(status.message);
    } else {
      auto result = function(engine, &status, arguments...);
      if (status.failed) fail(status.message);
      return result;
    }
  }

  void require_dataset(int32_t dataset) const {
    require(dataset_sizes.count(dataset) == 1, "no dataset ", dataset);
  }

  void check_indices(const int32_t* indices, int32_t count, int32_t dataset) const {
    require_pointer(indices, "indices");
    require(count >= 1, "at least one example is needed");
    require_dataset(dataset);
    const int32_t size = dataset_sizes.at(dataset);
    for (int32_t i = 0; i < count; i++) {
      require(indices[i] >= 0 && indices[i] < size, "index ", indices[i],
              " is outside the dataset's ", size, " examples");
    }
  }

  bool has_epoch() const { return epoch.dataset >= 0; }
};

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

std::unique_ptr<Engine> Engine::create(const char* device, const char* isa, const Config& config) {
  require_pointer(device, "device");
  require_pointer(isa, "isa");
  validate(config);
  auto impl = std::make_unique<Impl>(find_table(device), config);
  Status status;
  impl->engine = impl->table->create(device, isa, &config, &status);
  if (status.failed) fail(status.message);
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

std::string Engine::description() const {
  char text[1000] = "";
  impl_->call(impl_->table->describe, static_cast<char*>(text), int32_t{sizeof text});
  return text;
}

int32_t Engine::add_dataset(const uint8_t* pixels, const int32_t* labels, int32_t count) {
  require_pointer(pixels, "pixels");
  require_pointer(labels, "labels");
  require(count >= 1 && count <= INT32_MAX / kPixels, "a dataset must have 1 to ",
          INT32_MAX / kPixels, " examples, was ", count);
  for (int32_t i = 0; i < count; i++) {
    require(labels[i] >= 0 && labels[i] < impl_->config.classes, "label ", labels[i],
            " of example ", i, " is outside the network's ", impl_->config.classes, " classes");
  }
  int32_t id = impl_->call(impl_->table->add_dataset, pixels, labels, count);
  impl_->dataset_sizes[id] = count;
  return id;
}

void Engine::remove_dataset(int32_t dataset) {
  impl_->require_dataset(dataset);
  if (impl_->epoch.dataset == dataset) end_epoch();
  impl_->call(impl_->table->remove_dataset, dataset);
  impl_->dataset_sizes.erase(dataset);
}

void Engine::start_epoch(int32_t dataset, int32_t epoch, const int32_t* order, int32_t count,
                         int32_t batch_size, const float* learning_rates) {
  impl_->check_indices(order, count, dataset);
  require(epoch >= 0, "epoch must not be negative");
  require(batch_size >= 1, "batch size must be at least 1, was ", batch_size);
  require_pointer(learning_rates, "learning_rates");
  const int32_t batches = batches_of(count, batch_size);
  for (int32_t i = 0; i < batches; i++) {
    require(std::isfinite(learning_rates[i]), "learning rates must be finite");
  }
  end_epoch();
  impl_->call(impl_->table->start_epoch, dataset, epoch, order, count, batch_size, learning_rates);
  impl_->epoch = {dataset, batches};
}

void Engine::end_epoch() {
  impl_->epoch = {-1, 0};
  impl_->call(impl_->table->set_position, 0);
}

void Engine::run(int32_t batches) {
  require(impl_->has_epoch(), "run() needs start_epoch() first");
  int32_t left = impl_->epoch.batches - batches_done();
  require(batches >= 0 && batches <= left, "the epoch has ", left, " mini-batches left, ", batches,
          " were asked for");
  impl_->call(impl_->table->run, batches);
}

int32_t Engine::batches_done() const { return impl_->call(impl_->table->position); }

void Engine::set_batches_done(int32_t batches) {
  require(batches >= 0 && batches <= impl_->epoch.batches, "batches done must be 0 to the epoch's ",
          impl_->epoch.batches, ", was ", batches);
  impl_->call(impl_->table->set_position, batches);
}

Metrics Engine::take_metrics() {
  Metrics taken = metrics();
  set_metrics(Metrics());
  return taken;
}

Metrics Engine::metrics() const { return impl_->call(impl_->table->metrics); }

void Engine::set_metrics(const Metrics& metrics) {
  impl_->call(impl_->table->set_metrics, metrics);
}

Metrics Engine::evaluate(int32_t dataset) {
  impl_->require_dataset(dataset);
  return impl_->call(impl_->table->evaluate, dataset);
}

double Engine::gradients(int32_t dataset, const int32_t* indices, int32_t count, float* gradient) {
  impl_->check_indices(indices, count, dataset);
  require_pointer(gradient, "gradient");
  return impl_->call(impl_->table->gradients, dataset, indices, count, gradient);
}

void Engine::layer_output(Layer layer, const uint8_t* images, int32_t count, float* output) {
  require(in_range(layer, Layer::FC3), "unknown layer");
  require_pointer(images, "images");
  require_pointer(output, "output");
  require(count >= 1, "at least one image is needed");
  impl_->call(impl_->table->layer_output, layer, images, count, output);
}

void Engine::predict(const uint8_t* images, int32_t count, float* probabilities) {
  require_pointer(images, "images");
  require_pointer(probabilities, "probabilities");
  require(count >= 1, "at least one image is needed");
  impl_->call(impl_->table->predict, images, count, probabilities);
}

int32_t Engine::parameter_count() const { return ParameterLayout(impl_->config.classes).size; }

void Engine::read_parameters(float* parameters) const {
  require_pointer(parameters, "parameters");
  impl_->call(impl_->table->read_parameters, parameters);
}

void Engine::write_parameters(const float* parameters) {
  require_pointer(parameters, "parameters");
  impl_->call(impl_->table->write_parameters, parameters);
}

void Engine::read_velocities(float* velocities) const {
  require_pointer(velocities, "velocities");
  impl_->call(impl_->table->read_velocities, velocities);
}

void Engine::write_velocities(const float* velocities) {
  require_pointer(velocities, "velocities");
  impl_->call(impl_->table->write_velocities, velocities);
}

int64_t native_bytes() noexcept { return CountedBytes::total(); }

}  // namespace lenet
