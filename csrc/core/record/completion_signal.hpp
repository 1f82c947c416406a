// SPDX-License-Identifier: Apache-2.0
// How the issuing thread sleeps until a certain row is answered, at no cost to whoever answers other rows.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/cache_line.hpp"
#include "base/futex.hpp"

namespace loadgen {

/// One sleeper (the issuing thread), any number of completers.
///
/// Thread safety: arm(), disarm(), wait() on the issuing thread; completed() and ring() on any.
/// Cost of completed() when nobody waits: one load of a line that is read only.
class CompletionSignal {
 public:
  static constexpr std::uint64_t kNobody = ~std::uint64_t{0};
  static constexpr std::uint64_t kAnyRow = kNobody - 1;

  CompletionSignal() = default;
  explicit CompletionSignal(FutexScope scope) noexcept : scope_{scope} {}

  /// For sleeping that only ring() is to end: what wait() takes.
  [[nodiscard]] std::uint32_t ticket() const noexcept {
    return word_.load(std::memory_order_acquire);  // acquire: see arm()
  }

  /// Announces the row that is waited for (or kAnyRow). Look at the row again between arm() and wait().
  [[nodiscard]] std::uint32_t arm(std::uint64_t row) noexcept {
    // acquire: pairs with ring(), so that what was done before it is seen after the ticket was taken
    const std::uint32_t taken = word_.load(std::memory_order_acquire);
    // seq_cst: this store and the completer's compare-exchange must not both be missed by the other side
    target_.store(row, std::memory_order_seq_cst);
    return taken;
  }
  void disarm() noexcept {
    // relaxed: a completer that still sees the old row rings once in vain
    target_.store(kNobody, std::memory_order_relaxed);
  }

  Wake wait(std::uint32_t ticket, std::optional<Instant> deadline) noexcept {
    return futex_wait(word_, ticket, deadline, scope_);
  }

  /// Call after the rows' compare-exchange, which must be seq_cst.
  void completed(std::uint64_t first, std::uint64_t count) noexcept {
    // seq_cst: see arm()
    const std::uint64_t target = target_.load(std::memory_order_seq_cst);
    if (target == kNobody) [[likely]]
      return;
    if (target == kAnyRow ? count > 0 : target - first < count) ring();
  }

  /// Wakes the issuing thread, whatever it waits for.
  void ring() noexcept {
    // release: pairs with the load in arm()
    word_.fetch_add(1, std::memory_order_release);
    futex_wake_all(word_, scope_);
  }

 private:
  // Apart from what the issuing thread writes for each row: completers read target_ for each answer.
  alignas(kCacheLine) std::atomic<std::uint64_t> target_{kNobody};
  std::atomic<std::uint32_t> word_{0};
  FutexScope scope_ = FutexScope::Process;
};

}  // namespace loadgen
