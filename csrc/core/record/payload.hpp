// SPDX-License-Identifier: Apache-2.0
// The answers' bytes: append only, found by row.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
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

/// Bytes in one reserved range, with a slot a row. Memory comes with the first write.
///
/// Thread safety: append() on any thread, at most once a row; readers must have seen the row as completed.
/// Wait-free: one fetch-add places the bytes.
class Payload {
 public:
  /// Throws Error{OutOfMemory} when the system grants no addresses for so many rows.
  Payload(std::uint64_t rows, Backing backing);

  /// Copies `bytes`; false when there is no room left or they are longer than 4 GiB.
  bool append(std::uint64_t row, std::uint16_t kind, std::span<const std::byte> bytes) noexcept;

  /// Gives back what is not used: no more appends, and only the slots of the first `rows` rows.
  void shrink(std::uint64_t rows) noexcept;

  [[nodiscard]] std::int64_t* offsets() const noexcept { return reinterpret_cast<std::int64_t*>(offsets_.data()); }
  [[nodiscard]] std::uint32_t* lengths() const noexcept { return reinterpret_cast<std::uint32_t*>(lengths_.data()); }
  [[nodiscard]] std::uint16_t* kinds() const noexcept { return reinterpret_cast<std::uint16_t*>(kinds_.data()); }
  [[nodiscard]] std::byte* bytes() const noexcept { return arena_.data(); }
  [[nodiscard]] std::uint64_t size() const noexcept;

 private:
  ReservedRange offsets_;
  ReservedRange lengths_;
  ReservedRange kinds_;
  ReservedRange arena_;
  alignas(kCacheLine) std::atomic<std::uint64_t> end_{0};
};

}  // namespace loadgen
