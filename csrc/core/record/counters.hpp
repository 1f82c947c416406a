// SPDX-License-Identifier: Apache-2.0
// What a system under test did that it must not: counted by kind, each with its first example.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "record/text_table.hpp"

namespace loadgen {

enum class Violation : std::uint8_t {
  ForeignId,           // an id of another run, or one that was never issued
  Repeated,            // a sample answered again: the first answer stands
  Late,                // an answer after the run was closed
  RepeatedFirstToken,  // a first token reported again
  FirstTokenLate,      // a first token after the sample was complete
  TokenLate,           // a token after the sample was complete
  InvalidTokenCount,   // an answer of no tokens, or zero or fewer further ones
  NegativeTokenCount,  // an answer of fewer than no tokens
  OutputNotKept,       // no room for the answer's bytes
  Redelivered,         // handed out again, since the process that had it is gone
  TokenTimeNotKept,    // no room for a token's instant
};
inline constexpr std::size_t kViolationKinds = 11;

/// Name of a kind in results: lower case with underscores.
[[nodiscard]] const char* violation_name(Violation violation) noexcept;

/// Thread safety: any thread. Wait-free.
class ViolationCounters {
 public:
  struct Count {
    std::uint64_t count = 0;
    std::uint64_t first_id = 0;
  };

  void add(Violation violation, std::uint64_t id) noexcept {
    Cell& cell = cells_[static_cast<std::size_t>(violation)];
    std::uint64_t none = 0;
    // relaxed: counts are read when the run is over; nothing else is published through them
    cell.first_id.compare_exchange_strong(none, id, std::memory_order_relaxed, std::memory_order_relaxed);
    cell.count.fetch_add(1, std::memory_order_relaxed);
  }

  [[nodiscard]] Count get(Violation violation) const noexcept {
    const Cell& cell = cells_[static_cast<std::size_t>(violation)];
    // relaxed: see add()
    return {cell.count.load(std::memory_order_relaxed), cell.first_id.load(std::memory_order_relaxed)};
  }

  /// Forgets all; for what came before the run.
  void reset() noexcept {
    for (Cell& cell : cells_) {
      cell.count.store(0, std::memory_order_relaxed);  // relaxed, both: see add()
      cell.first_id.store(0, std::memory_order_relaxed);
    }
  }

 private:
  struct Cell {
    std::atomic<std::uint64_t> count{0};
    std::atomic<std::uint64_t> first_id{0};
  };
  std::array<Cell, kViolationKinds> cells_;
};

/// Samples that the system under test reported as failed, by the kind that it named.
///
/// Lives in memory that reads as zero (SharedObject), never on a stack.
///
/// Thread safety: any thread of any process that shares it, but for reset(). At most kMaxKinds kinds are told apart.
class FailureTable {
 public:
  static constexpr std::size_t kMaxKinds = 1000;

  struct Entry {
    std::uint64_t count = 0;
    std::string example;
  };
  using Table = std::map<std::string, Entry, std::less<>>;

  FailureTable() noexcept {}  // NOLINT(modernize-use-equals-default): it would touch all of the memory

  void add(std::string_view kind, std::string_view message, std::uint64_t count) noexcept;
  [[nodiscard]] Table table() const;
  void reset() noexcept;

 private:
  TextTable<kMaxKinds, 232, 2048> kinds_;
  std::uint64_t others_;  // of kinds for which there was no room; reads as zero, as the table does
};

}  // namespace loadgen
