// SPDX-License-Identifier: Apache-2.0
// One range of addresses, reserved at once, whose pages come when they are touched.
#pragma once

#include <cstddef>
#include <cstdint>

namespace loadgen {

enum class Backing : std::uint8_t {
  Anonymous,  // private memory of this process
  Memfd,      // a shared, unnamed file: other processes can map it (fd())
};

/// Owns a mapping. Bytes read as zero until written; untouched pages cost no memory.
///
/// Thread safety: data() may be used from any thread. Moving and destroying are the owner's.
class ReservedRange {
 public:
  ReservedRange() = default;
  /// Empty (data() == nullptr) when the system refuses; asking for less may succeed.
  ReservedRange(std::size_t bytes, Backing backing) noexcept;
  ~ReservedRange();
  ReservedRange(ReservedRange&& other) noexcept;
  ReservedRange& operator=(ReservedRange&& other) noexcept;
  ReservedRange(const ReservedRange&) = delete;
  ReservedRange& operator=(const ReservedRange&) = delete;

  /// Gives the addresses behind the first `bytes` back; what lies before them stays where it is.
  void shrink(std::size_t bytes) noexcept;

  /// Gives the memory of the whole pages in [from, to) back; they read as zero from then on. Both count in bytes, and
  /// `from` is a multiple of the page size. Returns the end of what was given back.
  std::size_t discard(std::size_t from, std::size_t to) noexcept;

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] int fd() const noexcept { return fd_; }  ///< -1 when anonymous
  explicit operator bool() const noexcept { return data_ != nullptr; }

 private:
  void release() noexcept;

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  int fd_ = -1;
};

}  // namespace loadgen
