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
  Payload(std::uint64_t rows, Backing backing);

  /// Copies `bytes`; false when there is no room left or they are longer than 4 GiB.
  bool append(std::uint64_t row, std::uint16_t kind, std::span<const std::byte> bytes) noexcept;

  [[nodiscard]] std::int64_t* offsets() const noexcept { return offsets_; }
  [[nodiscard]] std::uint32_t* lengths() const noexcept { return lengths_; }
  [[nodiscard]] std::uint16_t* kinds() const noexcept { return kinds_; }
  [[nodiscard]] std::byte* bytes() const noexcept { return arena_.data(); }
  [[nodiscard]] std::uint64_t size() const noexcept;

 private:
  ReservedRange slots_;
  ReservedRange arena_;
  std::int64_t* offsets_ = nullptr;
  std::uint32_t* lengths_ = nullptr;
  std::uint16_t* kinds_ = nullptr;
  alignas(kCacheLine) std::atomic<std::uint64_t> end_{0};
};

}  // namespace loadgen
