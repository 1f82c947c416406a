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
#include "base/shared_object.hpp"
#include "record/text_table.hpp"

namespace loadgen {

/// One answer as it lies in the arena, followed by its bytes; the next one begins at the next multiple of its size.
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

/// Bytes in one reserved range, in the order in which they came. Memory comes with the first write.
///
/// Kept: every answer stays, and a slot a row says where. Recycled: answers are read with next() and then forgotten;
/// positions count on and the range is used as a ring, so that only what waits to be read needs room.
///
/// Thread safety: append() on any thread, at most once a row; readers of slots must have seen the row as completed.
///   next() and forget() on one thread at a time, also while answers are appended.
/// Memory ordering: what append() wrote is visible to whoever got the entry of next() (acquire, pairs with its
/// release).
///   Memory that append() gets again reads as zero (acquire of forgotten, pairs with forget()).
/// Wait-free: one fetch-add places the bytes. Recycled: lock-free, a compare-exchange.
class Payload {
 public:
  static constexpr std::size_t kSmallestArena = std::size_t{1} << 26;
  static constexpr std::size_t kLargestRing = std::size_t{1} << 33;

  /// `largest_ring` bytes, a power of two, are halved until the system grants them. Throws Error{OutOfMemory} when it
  /// grants no addresses for so many rows.
  Payload(std::uint64_t rows, Ranges& ranges, bool recycle = false, std::size_t largest_ring = kLargestRing);

  /// Copies `bytes`; false when there is no room left or they are longer than 4 GiB.
  bool append(std::uint64_t row, std::uint16_t kind, std::span<const std::byte> bytes) noexcept;
  /// Whether append() of so many bytes would find room now; always true where it never will.
  [[nodiscard]] bool worth_trying(std::size_t bytes) const noexcept;
  [[nodiscard]] bool recycles() const noexcept { return recycle_; }

  /// The entry at `position`: 0, then the `end` of the one before. Nothing while it is not whole.
  [[nodiscard]] std::optional<PayloadView> next(std::uint64_t position) const noexcept;
  /// Recycled: gives the memory of the entries before `position` back: their bytes are gone.
  void forget(std::uint64_t position) noexcept;
  /// Bytes from `position` on.
  [[nodiscard]] std::uint64_t waiting(std::uint64_t position) const noexcept;

  /// Gives back what is not used: no more appends, and only the slots of the first `rows` rows.
  void shrink(std::uint64_t rows) noexcept;

  // Kept only: where each row's answer lies.
  [[nodiscard]] std::int64_t* offsets() const noexcept { return reinterpret_cast<std::int64_t*>(offsets_.data()); }
  [[nodiscard]] std::uint32_t* lengths() const noexcept { return reinterpret_cast<std::uint32_t*>(lengths_.data()); }
  [[nodiscard]] std::uint16_t* kinds() const noexcept { return reinterpret_cast<std::uint16_t*>(kinds_.data()); }
  [[nodiscard]] std::byte* bytes() const noexcept { return arena_.data(); }
  [[nodiscard]] std::uint64_t size() const noexcept;

  /// What kinds there are, by their numbers, where several processes give answers and have to agree.
  using Kinds = TextTable<std::size_t{1} << 16, 240, 1>;
  [[nodiscard]] Kinds& kinds_table() const noexcept { return state_->kinds; }

 private:
  struct State {
    std::atomic<std::uint64_t> forgotten{0};  // memory before this is given back; a multiple of the page size
    alignas(kCacheLine) std::atomic<std::uint64_t> end{0};
    Kinds kinds;
  };

  [[nodiscard]] PayloadEntry* entry_at(std::uint64_t position) const noexcept {
    return reinterpret_cast<PayloadEntry*>(arena_.data() + (recycle_ ? position % arena_.size() : position));
  }
  /// Of an entry that would begin at `position`: what is left unused before it, since no entry is cut in two.
  [[nodiscard]] std::uint64_t gap_at(std::uint64_t position, std::uint64_t needed) const noexcept;
  /// Whether what ends at `end` leaves alone what is not forgotten yet.
  [[nodiscard]] bool in_ring(std::uint64_t end, std::uint64_t forgotten) const noexcept;
  [[nodiscard]] std::optional<std::uint64_t> place(std::uint64_t needed) noexcept;
  [[nodiscard]] std::optional<std::uint64_t> place_in_ring(std::uint64_t needed) noexcept;

  bool recycle_;
  SharedObject<State> state_;
  ReservedRange offsets_;
  ReservedRange lengths_;
  ReservedRange kinds_;
  ReservedRange arena_;
};

}  // namespace loadgen
