// SPDX-License-Identifier: Apache-2.0
// All waiting of the issuing thread: for an instant, or for answers; on the real clock or a virtual one.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "base/thread.hpp"
#include "engine/crowding.hpp"
#include "engine/sleep_margin.hpp"
#include "engine/sut_calls.hpp"
#include "record/histogram.hpp"
#include "record/record.hpp"

namespace loadgen {

enum class WaitEnd : std::uint8_t {
  Ready,
  Stopped,  // the run was aborted, or poll() said so
  Silent,   // no answer came for the drain time-out
};

struct WaiterSettings {
  Pacing pacing = Pacing::Auto;
  Priority priority = Priority::Normal;
  Duration drain_timeout = std::chrono::minutes{10};
};

/// Thread safety: the issuing thread's own, but for what CompletionSignal lets others do.
class Waiter {
 public:
  Waiter(Record& record, const std::atomic<bool>& aborted, const SutCalls& calls, const WaiterSettings& settings)
      : record_{record}, aborted_{aborted}, calls_{calls}, settings_{settings}, last_poll_{record.clock().now()} {}

  /// Waits until `due` has come. `now` is the clock's last reading, at or after `due` when Ready: never early.
  WaitEnd until(Instant due, Instant& now);
  /// The same, but at most until the signal's ticket is another one than `ticket`. For who has armed the signal.
  WaitEnd until_or_answer(Instant due, std::uint32_t ticket, Instant& now);

  /// What may be outstanding, a range for each issuing thread: any answer there breaks the silence.
  using OpenRows = std::span<const RowRange>;
  /// Waits until `row` is answered, one of `open`.
  WaitEnd until_answered(std::uint64_t row, OpenRows open);
  /// Waits until `ready()` holds, which only an answer to a row of `open` can bring about.
  template <typename Ready>
  WaitEnd until_any_answer(RowRange open, Ready ready) {
    return wait_for_answers(CompletionSignal::kAnyRow, {&open, 1}, ready);
  }

  /// Between queries: false when the run is to stop. Polls when the last time was long ago.
  bool keep_going(Instant now) {
    // relaxed: a flag; whoever waits on the other side looks again
    if (aborted_.load(std::memory_order_relaxed)) [[unlikely]]
      return false;
    return now - last_poll_ < kPollPeriod || poll(now);
  }

  /// When a sleep before a deadline ended last, and when poll() returned last; long ago at first.
  [[nodiscard]] Instant woken_at() const noexcept { return woken_at_; }
  [[nodiscard]] Instant polled_at() const noexcept { return polled_at_; }
  /// Of each such sleep that nothing cut short: how much too late it ended.
  [[nodiscard]] const DurationHistogram& wake_up_error() const noexcept { return wake_up_error_; }

 private:
  // Shorter than any wake-up; an answer within this time costs no system call.
  static constexpr Duration kAnswerSpin = std::chrono::microseconds{50};

  bool poll(Instant now);
  /// Until `due`, or `answered()`, which a change of `ticket()` may bring about.
  template <typename Ticket, typename Answered>
  WaitEnd until_unless(Instant due, Instant& now, Ticket ticket, Answered answered);
  WaitEnd sleep_towards(Instant target, Instant& now, std::uint32_t ticket);
  [[nodiscard]] Duration spin_time(Instant now) noexcept;
  [[nodiscard]] bool may_spin(Instant now) noexcept;
  [[nodiscard]] Instant last_answer(OpenRows open) const noexcept;

  template <typename Ready>
  WaitEnd wait_for_answers(std::uint64_t row, OpenRows open, Ready ready);
  template <typename Ready>
  WaitEnd advance_to_answer(OpenRows open, Ready ready);
  template <typename Ready>
  bool spin_for_answer(Instant start, Ready ready);

  Record& record_;
  const std::atomic<bool>& aborted_;
  const SutCalls& calls_;
  WaiterSettings settings_;
  Instant last_poll_;
  Instant polled_at_{};
  Instant woken_at_{};
  DurationHistogram wake_up_error_;
  SleepMargin margin_;
  Crowding crowding_;  // looked at under Pacing::Auto only
  // How much of the current window was spun; looked at under Priority::Realtime only (see may_spin).
  Instant window_start_{};
  Duration spun_{0};
};

template <typename Ready>
WaitEnd Waiter::wait_for_answers(std::uint64_t row, OpenRows open, Ready ready) {
  if (ready()) return WaitEnd::Ready;
  if (record_.clock().virtual_clock() != nullptr) return advance_to_answer(open, ready);
  Instant now = record_.clock().now();
  if (may_spin(now) && !crowding_.crowded() && spin_for_answer(now, ready)) return WaitEnd::Ready;
  Instant silence_ends = now + settings_.drain_timeout;
  while (true) {
    const std::uint32_t ticket = record_.signal().arm(row);
    Wake wake = Wake::Woken;
    if (!ready() && !aborted_.load(std::memory_order_relaxed))  // relaxed: abort() rings after it set the flag
      wake = record_.signal().wait(ticket, std::min(silence_ends, now + kPollPeriod));
    record_.signal().disarm();
    if (ready()) return WaitEnd::Ready;
    now = record_.clock().now();
    if (wake == Wake::Interrupted ? !poll(now) : !keep_going(now)) return WaitEnd::Stopped;
    if (now < silence_ends) continue;
    silence_ends = std::max(silence_ends, last_answer(open) + settings_.drain_timeout);
    if (now >= silence_ends) return WaitEnd::Silent;
  }
}

template <typename Ready>
bool Waiter::spin_for_answer(Instant start, Ready ready) {
  constexpr int kLooks = 16;  // a look at a row costs a twentieth of a look at the clock
  Instant now = start;
  bool answered = false;
  while (!answered && now < start + kAnswerSpin) {
    for (int look = 0; look < kLooks && !answered; ++look) answered = ready();
    if (!answered) now = record_.clock().now();
  }
  spun_ += now - start;  // to the last reading of the clock: another one would cost more than what it adds
  return answered;
}

template <typename Ready>
WaitEnd Waiter::advance_to_answer(OpenRows open, Ready ready) {
  VirtualClock& clock = *record_.clock().virtual_clock();
  Instant silence_ends = clock.now() + settings_.drain_timeout;
  while (!ready()) {
    if (!keep_going(last_poll_)) return WaitEnd::Stopped;
    if (clock.advance(silence_ends)) continue;
    const Instant answer = last_answer(open);
    if (answer + settings_.drain_timeout <= silence_ends) return ready() ? WaitEnd::Ready : WaitEnd::Silent;
    silence_ends = answer + settings_.drain_timeout;
  }
  return WaitEnd::Ready;
}

}  // namespace loadgen
