// SPDX-License-Identifier: Apache-2.0
// One range of addresses, reserved at once, whose pages come when they are touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

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
  friend class Ranges;

  /// Maps `bytes` of an open file. Empty when the system refuses.
  static ReservedRange map(int fd, std::size_t bytes) noexcept;
  void release() noexcept;

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  int fd_ = -1;
};

/// A range that other processes can map: the file's number in the process that made it.
struct SharedRange {
  int fd = -1;
  std::size_t bytes = 0;
};

/// Where ranges come from: new memory, or, in the same order and of the same sizes, what another process made.
class Ranges {
 public:
  Ranges() = default;
  explicit Ranges(Backing backing) noexcept : backing_{backing} {}
  Ranges(long process, std::vector<SharedRange> made) noexcept : process_{process}, made_{std::move(made)} {}

  /// Empty when the system refuses, or when the other process's next range has another size; asking for less may
  /// succeed.
  [[nodiscard]] ReservedRange reserve(std::size_t bytes);
  /// How many ranges there were so far.
  [[nodiscard]] std::size_t count() const noexcept { return attaches() ? next_ : made_.size(); }
  /// Goes back to `count` ranges, after one that was to follow was refused.
  void rewind(std::size_t count) noexcept;

  /// Whether they are another process's.
  [[nodiscard]] bool attaches() const noexcept { return process_ != 0; }
  [[nodiscard]] bool shared() const noexcept { return attaches() || backing_ == Backing::Memfd; }
  /// What was made so far, for other processes.
  [[nodiscard]] const std::vector<SharedRange>& made() const noexcept { return made_; }

 private:
  Backing backing_ = Backing::Anonymous;
  long process_ = 0;  // whose ranges they are; 0: this one makes them
  std::vector<SharedRange> made_;
  std::size_t next_ = 0;  // of another process's, to map
};

}  // namespace loadgen
