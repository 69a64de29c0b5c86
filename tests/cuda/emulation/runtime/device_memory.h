// The memory of one emulated device: a reserved range of addresses in which every allocation has
// pages of its own, red zones at both ends and an inaccessible page behind it. The host cannot
// touch it; only while emulated work runs it is open. Addresses are never used twice, so a stale
// pointer can never become valid again. Fresh memory is full of NaN.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace lenet::emulation {

class DeviceMemory {
 public:
  explicit DeviceMemory(int device);
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  // nullptr if the device is full.
  void* allocate(size_t bytes);
  // Of the live allocation that begins here; 0 if there is none.
  size_t bytes_at(const void* pointer) const;
  // False if the pointer is not the beginning of a live allocation.
  bool free(void* pointer);

  bool is_live(const void* pointer, size_t bytes) const;
  // Whether the address belongs to the device, live or not.
  bool owns(const void* pointer) const;
  // "288 bytes into the allocation of 1024 bytes at 0x..." and the like.
  std::string describe(const void* pointer) const;

  void open();
  void close();
  // Reports every overwritten red zone.
  void check_red_zones() const;

  size_t used() const { return used_; }

 private:
  struct Block {
    char* region;  // first page
    size_t region_bytes;
    size_t bytes;
    bool live;
  };

  void check_red_zones(const char* data, const Block& block) const;
  static void protect(const Block& block, bool accessible);

  int device_;
  char* base_;
  size_t next_ = 0;
  size_t used_ = 0;
  bool open_ = false;
  std::map<const char*, Block> blocks_;  // by the first byte of their data
};

}  // namespace lenet::emulation
