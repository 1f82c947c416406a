// SPDX-License-Identifier: Apache-2.0
// One range of addresses, reserved at once, whose pages come when they are touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
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
  /// Memory of this process alone; with an open file, the beginning of that, which need not stay open. Empty (data() ==
  /// nullptr) when the system refuses; asking for less may succeed.
  explicit ReservedRange(std::size_t bytes, int fd = -1) noexcept;
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
  explicit operator bool() const noexcept { return data_ != nullptr; }

 private:
  void release() noexcept;

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  bool shared_ = false;  // with other processes, through a file
};

/// A range that other processes can map: the file's number in the process that made it, and a key that is in its name,
/// since a number may come to be another file's.
struct SharedRange {
  int fd = -1;
  std::size_t bytes = 0;
  std::uint64_t key = 0;
};

/// Where ranges come from: new memory, or, in the same order and of the same sizes, what another process made.
///
/// Copies are the same ranges. The files stay open, for others to map, until close_files() or the last copy's end.
class Ranges {
 public:
  Ranges() : Ranges{Backing::Anonymous} {}
  explicit Ranges(Backing backing) : backing_{backing}, files_{std::make_shared<Files>()} {}
  Ranges(long process, std::vector<SharedRange> made) : process_{process}, files_{std::make_shared<Files>()} {
    files_->list = std::move(made);
  }

  /// Empty when the system refuses, or when the other process's next range has another size; asking for less may
  /// succeed.
  [[nodiscard]] ReservedRange reserve(std::size_t bytes);
  /// How many ranges there were so far.
  [[nodiscard]] std::size_t count() const noexcept { return attaches() ? next_ : files_->list.size(); }
  /// Goes back to `count` ranges, after one that was to follow was refused.
  void rewind(std::size_t count) noexcept;

  /// Whether they are another process's.
  [[nodiscard]] bool attaches() const noexcept { return process_ != 0; }
  [[nodiscard]] bool shared() const noexcept { return attaches() || backing_ == Backing::Memfd; }
  /// From now on no other process can map them. What is mapped stays.
  void close_files() noexcept {
    if (!attaches()) files_->close_from(0);
  }
  /// What was made so far, for other processes.
  [[nodiscard]] const std::vector<SharedRange>& made() const noexcept { return files_->list; }

 private:
  struct Files {
    Files() = default;
    ~Files() {
      if (ours) close_from(0);
    }
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    void close_from(std::size_t first) noexcept;

    std::vector<SharedRange> list;
    bool ours = false;  // made here, to be closed here
  };

  [[nodiscard]] ReservedRange make(std::size_t bytes);
  [[nodiscard]] ReservedRange map(const SharedRange& made) const;

  Backing backing_ = Backing::Anonymous;
  long process_ = 0;  // whose ranges they are; 0: this one makes them
  std::shared_ptr<Files> files_;
  std::size_t next_ = 0;  // of another process's, to map
};

}  // namespace loadgen
