// SPDX-License-Identifier: Apache-2.0
// The answers' bytes: append only, found by row.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/cache_line.hpp"
#include "base/reserved_range.hpp"

namespace loadgen {

/// Where one row's answer lies. `offset` 0 means that there is none; else the bytes start at offset - 1.
struct PayloadSlot {
  std::int64_t offset;
  std::uint32_t length;
  std::uint16_t kind;  // what the bytes are: the caller's own numbering
};

/// One answer as it lies in the arena, followed by its bytes; the next one begins at the next multiple of 8.
struct PayloadEntry {
  std::uint64_t row;
  std::uint32_t length;
  std::uint16_t kind;
  std::uint16_t whole;  // 1 once everything is written
};

/// An answer as its reader sees it.
struct PayloadView {
  std::uint64_t row;
  std::uint16_t kind;
  std::span<const std::byte> bytes;
  std::uint64_t end;  // where the next entry begins
};

/// Bytes in one reserved range, in the order in which they came, with a slot a row. Memory comes with the first write.
///
/// Thread safety: append() on any thread, at most once a row; readers of slots must have seen the row as completed.
///   next() and forget() on one thread at a time, also while answers are appended.
/// Memory ordering: what append() wrote is visible to whoever got the entry of next() (acquire, pairs with its
/// release). Wait-free: one fetch-add places the bytes.
class Payload {
 public:
  /// Throws Error{OutOfMemory} when the system grants no addresses for so many rows.
  Payload(std::uint64_t rows, Backing backing);

  /// Copies `bytes`; false when there is no room left or they are longer than 4 GiB.
  bool append(std::uint64_t row, std::uint16_t kind, std::span<const std::byte> bytes) noexcept;

  /// The entry at `position`: 0, then the `end` of the one before. Nothing while it is not whole.
  [[nodiscard]] std::optional<PayloadView> next(std::uint64_t position) const noexcept;
  /// Gives the memory of the entries before `position` back: their bytes are gone.
  void forget(std::uint64_t position) noexcept;

  /// Gives back what is not used: no more appends, and only the slots of the first `rows` rows.
  void shrink(std::uint64_t rows) noexcept;

  [[nodiscard]] std::int64_t* offsets() const noexcept { return reinterpret_cast<std::int64_t*>(offsets_.data()); }
  [[nodiscard]] std::uint32_t* lengths() const noexcept { return reinterpret_cast<std::uint32_t*>(lengths_.data()); }
  [[nodiscard]] std::uint16_t* kinds() const noexcept { return reinterpret_cast<std::uint16_t*>(kinds_.data()); }
  [[nodiscard]] std::byte* bytes() const noexcept { return arena_.data(); }
  [[nodiscard]] std::uint64_t size() const noexcept;

 private:
  [[nodiscard]] PayloadEntry* entry_at(std::uint64_t position) const noexcept {
    return reinterpret_cast<PayloadEntry*>(arena_.data() + position);
  }

  ReservedRange offsets_;
  ReservedRange lengths_;
  ReservedRange kinds_;
  ReservedRange arena_;
  std::uint64_t forgotten_ = 0;  // memory before this is given back
  alignas(kCacheLine) std::atomic<std::uint64_t> end_{0};
};

}  // namespace loadgen
