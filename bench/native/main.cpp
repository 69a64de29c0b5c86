// Benchmarks of the cpu engine without Java: whole training steps, and each kernel in its place.
#include <cstdio>
#include <cstdlib>

#include "bench.h"

namespace lenet {

namespace {

constexpr char kUsage[] =
    "usage: lenet_bench steps|kernels|latency|ceilings [option value]...\n"
    "  steps     training steps through lenet::Engine, examples per second\n"
    "  kernels   every kernel of a step in its place, time per tile beside the ideal at the FMA "
    "peak\n"
    "  latency   one image, call by call, beside a loop of multiply-adds as long\n"
    "  ceilings  the FMA peak and the memory bandwidth\n"
    "options:\n"
    "  --isa NAME         default: the best this processor can run\n"
    "  --threads N        of steps and ceilings; default 1\n"
    "  --batch N          default 256\n"
    "  --images N         size of the data set; default 8192\n"
    "  --seconds S        default 2\n"
    "  --activation NAME  sigmoid (default), tanh, relu\n"
    "  --pooling NAME     avg (default), max\n"
    "  --momentum M       default 0\n"
    "  --tsv yes          tab-separated values\n";

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "lenet_bench: %s\n%s", message.c_str(), kUsage);
  std::exit(2);
}

template <class Enum>
Enum choice(const std::string& value, std::initializer_list<const char*> names) {
  int i = 0;
  for (const char* name : names) {
    if (value == name) return static_cast<Enum>(i);
    i++;
  }
  fail("unknown choice '" + value + "'");
}

int number(const std::string& value) {
  const int n = std::atoi(value.c_str());
  if (n < 1) fail("'" + value + "' is not a number of at least 1");
  return n;
}

Options parse(int argc, char** argv) {
  Options options;
  const std::string names = cpu_instruction_sets();
  options.isa = names.substr(0, names.find(' '));
  for (int i = 2; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) fail(name + " needs a value");
    const std::string value = argv[i + 1];
    if (name == "--isa") {
      options.isa = value;
    } else if (name == "--threads") {
      options.config.threads = number(value);
    } else if (name == "--batch") {
      options.batch_size = number(value);
    } else if (name == "--images") {
      options.images = number(value);
    } else if (name == "--seconds") {
      options.seconds = std::atof(value.c_str());
    } else if (name == "--activation") {
      options.config.activation = choice<Activation>(value, {"sigmoid", "tanh", "relu"});
    } else if (name == "--pooling") {
      options.config.pooling = choice<Pooling>(value, {"avg", "max"});
    } else if (name == "--momentum") {
      options.config.momentum = static_cast<float>(std::atof(value.c_str()));
    } else if (name == "--tsv") {
      options.tsv = value == "yes";
    } else {
      fail("unknown option " + name);
    }
  }
  if (find_peak(options.isa) == nullptr) fail("unknown instruction set " + options.isa);
  if (options.images < options.batch_size) fail("fewer images than a batch has");
  return options;
}

}  // namespace
}  // namespace lenet

int main(int argc, char** argv) {
  using namespace lenet;
  if (argc < 2) fail("what to measure?");
  try {
    const std::string what = argv[1];
    const Options options = parse(argc, argv);
    if (what == "steps") {
      run_steps(options);
    } else if (what == "kernels") {
      run_kernels(options);
    } else if (what == "latency") {
      run_latency(options);
    } else if (what == "ceilings") {
      run_ceilings(options);
    } else {
      fail("unknown benchmark '" + what + "'");
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "lenet_bench: %s\n", e.what());
    return 1;
  }
}
