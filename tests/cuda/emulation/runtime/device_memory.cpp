#include "runtime/device_memory.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime/emulation.h"
#include "runtime/settings.h"

// There when the process runs under AddressSanitizer.
extern "C" {
__attribute__((weak)) void __asan_poison_memory_region(const volatile void*, size_t);
__attribute__((weak)) void __asan_unpoison_memory_region(const volatile void*, size_t);
}

namespace lenet::emulation {
namespace {

constexpr size_t kReserved = size_t{1} << 38;
constexpr size_t kPage = 4096;
// Large blocks are made of these: opening and closing them is then 512 times less work.
constexpr size_t kHugePage = size_t{2} << 20;
// What cudaMalloc promises, and no more than that.
constexpr size_t kAlignment = 256;
constexpr size_t kRedZone = kAlignment;
// A NaN when read as a float, a recognisable odd number otherwise.
constexpr uint16_t kRedPattern = 0xFFFB;
constexpr int kFreshByte = 0xFF;

size_t round_up(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

void poison(const void* pointer, size_t bytes) {
  if (__asan_poison_memory_region != nullptr) __asan_poison_memory_region(pointer, bytes);
}

void unpoison(const void* pointer, size_t bytes) {
  if (__asan_unpoison_memory_region != nullptr) __asan_unpoison_memory_region(pointer, bytes);
}

unsigned char red_byte(const char* p) {
  return reinterpret_cast<uintptr_t>(p) % 2 == 0 ? kRedPattern & 0xFF : kRedPattern >> 8;
}

void fill_red(char* from, const char* to) {
  for (char* p = from; p < to; p++) *p = static_cast<char>(red_byte(p));
}

// Past the sanitizer's instrumentation, which would trip over the poison.
__attribute__((no_sanitize("address"))) const char* first_overwritten(const char* from,
                                                                      const char* to) {
  for (const char* p = from; p < to; p++) {
    if (static_cast<unsigned char>(*p) != red_byte(p)) return p;
  }
  return nullptr;
}

}  // namespace

DeviceMemory::DeviceMemory(int device) : device_(device) {
  void* base = mmap(nullptr, kReserved + kHugePage, PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) {
    std::perror("lenet-emu: cannot reserve addresses for a device");
    std::abort();
  }
  base_ = static_cast<char*>(base) + kHugePage - reinterpret_cast<uintptr_t>(base) % kHugePage;
}

void DeviceMemory::protect(const Block& block, bool accessible) {
  // The last page stays inaccessible for ever.
  if (mprotect(block.region, block.region_bytes - kPage,
               accessible ? PROT_READ | PROT_WRITE : PROT_NONE) != 0) {
    std::perror("lenet-emu: mprotect");
    std::abort();
  }
}

void* DeviceMemory::allocate(size_t bytes) {
  if (bytes > settings().memory - used_) return nullptr;
  size_t region_bytes = round_up(kRedZone + bytes + kRedZone, kPage) + kPage;
  const bool is_huge = region_bytes >= kHugePage;
  const size_t start = is_huge ? round_up(next_, kHugePage) : next_;
  if (region_bytes > kReserved || start > kReserved - region_bytes) return nullptr;
  Block block{base_ + start, region_bytes, bytes, true};
  next_ = start + region_bytes;
  if (is_huge) madvise(block.region, region_bytes, MADV_HUGEPAGE);
  char* data = block.region + kRedZone;
  char* end = block.region + region_bytes - kPage;
  protect(block, true);
  fill_red(block.region, data);
  std::memset(data, kFreshByte, bytes);
  fill_red(data + bytes, end);
  if (!open_) protect(block, false);
  poison(block.region, kRedZone);
  poison(data + bytes, static_cast<size_t>(end - (data + bytes)));
  used_ += bytes;
  blocks_[data] = block;
  return data;
}

size_t DeviceMemory::bytes_at(const void* pointer) const {
  auto found = blocks_.find(static_cast<const char*>(pointer));
  return found == blocks_.end() || !found->second.live ? 0 : found->second.bytes;
}

bool DeviceMemory::free(void* pointer) {
  auto found = blocks_.find(static_cast<char*>(pointer));
  if (found == blocks_.end() || !found->second.live) return false;
  Block& block = found->second;
  if (!open_) protect(block, true);
  check_red_zones(found->first, block);
  protect(block, false);
  unpoison(block.region, block.region_bytes - kPage);
  poison(found->first, block.bytes);
  madvise(block.region, block.region_bytes, MADV_DONTNEED);
  block.live = false;
  used_ -= block.bytes;
  return true;
}

bool DeviceMemory::owns(const void* pointer) const {
  const char* p = static_cast<const char*>(pointer);
  return p >= base_ && p < base_ + kReserved;
}

bool DeviceMemory::is_live(const void* pointer, size_t bytes) const {
  const char* p = static_cast<const char*>(pointer);
  auto after = blocks_.upper_bound(p);
  if (after == blocks_.begin()) return false;
  const auto& [data, block] = *std::prev(after);
  size_t offset = static_cast<size_t>(p - data);
  return block.live && offset <= block.bytes && bytes <= block.bytes - offset &&
         (bytes > 0 || offset < block.bytes);
}

std::string DeviceMemory::describe(const void* pointer) const {
  char text[200];
  if (!owns(pointer)) {
    std::snprintf(text, sizeof text, "%p is no memory of device %d", pointer, device_);
    return text;
  }
  const char* p = static_cast<const char*>(pointer);
  auto after = blocks_.lower_bound(p + kRedZone + 1);
  if (after == blocks_.begin()) {
    std::snprintf(text, sizeof text, "%p was never allocated on device %d", pointer, device_);
    return text;
  }
  const auto& [data, block] = *std::prev(after);
  std::snprintf(text, sizeof text,
                "%p is %lld bytes from the start of the %s %zu bytes at %p of device %d", pointer,
                static_cast<long long>(p - data), block.live ? "live" : "freed", block.bytes,
                static_cast<const void*>(data), device_);
  return text;
}

void DeviceMemory::open() {
  if (open_) return;
  open_ = true;
  for (const auto& [data, block] : blocks_) {
    if (block.live) protect(block, true);
  }
}

void DeviceMemory::close() {
  if (!open_) return;
  check_red_zones();
  open_ = false;
  for (const auto& [data, block] : blocks_) {
    if (block.live) protect(block, false);
  }
}

void DeviceMemory::check_red_zones() const {
  for (const auto& [data, block] : blocks_) {
    if (block.live) check_red_zones(data, block);
  }
}

void DeviceMemory::check_red_zones(const char* data, const Block& block) const {
  const char* end = block.region + block.region_bytes - kPage;
  const char* hit = first_overwritten(block.region, data);
  if (hit == nullptr) hit = first_overwritten(data + block.bytes, end);
  if (hit != nullptr) violation("something wrote outside an allocation: " + describe(hit));
}

}  // namespace lenet::emulation
