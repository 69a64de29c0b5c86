#include "runtime/executor.h"

#include <unistd.h>

#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "runtime/context.h"

namespace lenet::emulation {
namespace {

// Read by a signal handler, so they must not be allocated at first use.
#define SIGNAL_SAFE thread_local __attribute__((tls_model("initial-exec")))

// Set while an operation runs on this thread.
SIGNAL_SAFE sigjmp_buf* landing = nullptr;
SIGNAL_SAFE const void* fault_address = nullptr;

struct sigaction previous_segv, previous_bus;

void pass_on(int signal, siginfo_t* info, void* context) {
  const struct sigaction& previous = signal == SIGSEGV ? previous_segv : previous_bus;
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN) {
    std::signal(signal, SIG_DFL);  // the access is repeated, and ends the process
  } else {
    previous.sa_handler(signal);
  }
}

// Only addresses of device memory are ours: the Java virtual machine lives off other faults.
void on_fault(int signal, siginfo_t* info, void* context) {
  if (landing != nullptr) {
    // Work runs with the lock held, so looking at the memory map is safe; its own wild pointers
    // count as well.
    fault_address = info->si_addr;
    siglongjmp(*landing, 1);
  }
  if (owner_of(info->si_addr) >= 0) {
    static const char message[] =
        "lenet-emu: the host touched device memory outside emulated work (host dereference)\n";
    ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
    (void)written;
  }
  pass_on(signal, info, context);
}

}  // namespace

void install_fault_handlers() {
  static bool installed = false;
  if (installed) return;
  installed = true;
  struct sigaction action;
  std::memset(&action, 0, sizeof action);
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigaction(SIGSEGV, &action, &previous_segv);
  sigaction(SIGBUS, &action, &previous_bus);
}

void execute(int device, const Operation& operation) {
  for (const Range& range : operation.ranges) {
    if (!is_live(device, range.pointer, range.bytes)) {
      violation(operation.label +
                " runs after its memory was freed: " + memory(device).describe(range.pointer));
      return;
    }
  }
  memory(device).open();
  sigjmp_buf target;
  sigjmp_buf* outer = landing;
  if (sigsetjmp(target, 1) == 0) {
    landing = &target;
    operation.work();
  } else {
    int owner = owner_of(fault_address);
    violation(operation.label + " touched an address it must not: " +
              memory(owner < 0 ? device : owner).describe(fault_address));
  }
  landing = outer;
}

}  // namespace lenet::emulation
