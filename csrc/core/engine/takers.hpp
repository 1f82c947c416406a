// SPDX-License-Identifier: Apache-2.0
// The processes that take the rows of a shared record, and what they ask of the one that issues.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "record/counters.hpp"

namespace loadgen {

/// Lies in memory that reads as zero and that all of them share.
///
/// A taker is a number: 1 is the process that issues, and has no entry here; the others have one each while they are
/// there. Whoever issues watches the processes and frees the numbers of those that are gone.
///
/// Thread safety: any thread of any process.
class Takers {
 public:
  static constexpr std::size_t kMost = 255;  // processes besides the one that issues
  static constexpr std::uint16_t kIssuer = 1;

  /// A number for a process; nothing when there are too many.
  std::optional<std::uint16_t> join(long process) noexcept {
    for (std::size_t i = 0; i < kMost; ++i) {
      std::int64_t nobody = 0;
      // acq_rel: pairs with leave()
      if (processes_[i].compare_exchange_strong(nobody, process, std::memory_order_acq_rel)) {
        joined_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a figure
        return static_cast<std::uint16_t>(i + kIssuer + 1);
      }
    }
    return std::nullopt;
  }
  /// Says that the taker will take and answer nothing more: whoever issues releases its rows and frees its number.
  void announce_leaving(std::uint16_t taker) noexcept {
    // release: what it answered is seen by whoever sees that it has left
    processes_[taker - kIssuer - 1].store(kLeft, std::memory_order_release);
  }
  /// Frees a number, after its rows were released.
  void free(std::uint16_t taker) noexcept {
    processes_[taker - kIssuer - 1].store(0, std::memory_order_release);  // release: pairs with join()
  }
  /// Calls work(taker, process) for each that is there; `process` is kLeft of one that has left.
  template <typename Work>
  void for_each(Work work) const {
    for (std::size_t i = 0; i < kMost; ++i) {
      const std::int64_t process = processes_[i].load(std::memory_order_acquire);  // acquire: pairs with all stores
      if (process != 0) work(static_cast<std::uint16_t>(i + kIssuer + 1), process);
    }
  }
  /// How many have ever joined.
  [[nodiscard]] std::uint64_t joined() const noexcept {
    return joined_.load(std::memory_order_relaxed);  // relaxed: a figure
  }

  static constexpr std::int64_t kLeft = -1;

  /// A taker asks for the clock to be started.
  void ask_to_start() noexcept { start_asked_.store(true, std::memory_order_release); }
  [[nodiscard]] bool asked_to_start() const noexcept { return start_asked_.load(std::memory_order_acquire); }
  /// A taker asks for the run's end. The first reason stands.
  void ask_to_abort(std::string_view reason) noexcept { reasons_.add("abort", reason, 1); }
  [[nodiscard]] std::optional<std::string> abort_asked() const {
    const FailureTable::Table table = reasons_.table();
    return table.empty() ? std::nullopt : std::optional{table.begin()->second.example};
  }

 private:
  std::array<std::atomic<std::int64_t>, kMost> processes_{};
  std::atomic<std::uint64_t> joined_{0};
  std::atomic<bool> start_asked_{false};
  FailureTable reasons_;
};

}  // namespace loadgen
