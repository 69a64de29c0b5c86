// For tests: what a program on the emulation can ask that a program on CUDA cannot. Exported by the
// emulated libcudart.so.13; README.md lists counters, kinds of objects and variables.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

// Changes a LENET_EMU_ variable of this process; NULL removes it.
void lenet_emu_set(const char* variable, const char* value);

// The ledger. Unknown counters are 0.
uint64_t lenet_emu_ledger_get(const char* counter);
void lenet_emu_ledger_reset(void);
// One "counter value" a line. Returns 0 if the file could not be written.
int lenet_emu_ledger_write(const char* path);

// Fails the n-th call from now (1 is the next) of a function, or of any function for "any", with
// `code`, or with the call's usual code if that is 0. n = 0 cancels.
void lenet_emu_fail(const char* function, uint64_t n, int code);
// The function that the fault plan failed last, or "".
const char* lenet_emu_failed_function(void);

// Live objects of a kind, or of all kinds for NULL.
uint64_t lenet_emu_live(const char* kind);
// "kind count" of every kind with live objects, separated by newlines; "" if nothing leaked.
const char* lenet_emu_live_report(void);

// Why the last refused call was refused.
const char* lenet_emu_last_rejection(void);
// Violations so far, and the text of the last.
uint64_t lenet_emu_violations(void);
const char* lenet_emu_last_violation(void);
// Forgets violations and a lost context. A real device needs a new process for that.
void lenet_emu_recover(void);

// Called when a capture has begun, on the capturing thread and without the emulation's lock; NULL
// for nothing.
void lenet_emu_on_capture(void (*callback)(void));

// Operations that wait in streams.
uint64_t lenet_emu_pending(void);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
