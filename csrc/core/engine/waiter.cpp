// SPDX-License-Identifier: Apache-2.0
#include "engine/waiter.hpp"

#include <algorithm>

namespace loadgen {

namespace {

// The kernel stalls a realtime thread that runs for 950 ms of each second. Spinning is held well under that.
constexpr Duration kRealtimeWindow = std::chrono::milliseconds{100};
constexpr Duration kRealtimeSpin = std::chrono::milliseconds{80};
// While others want the processors too: shorter than going to sleep and waking.
constexpr Duration kCrowdedMargin = std::chrono::microseconds{10};

}  // namespace

bool Waiter::poll(Instant now) {
  last_poll_ = now;
  if (calls_.poll == nullptr) return true;
  const bool go_on = calls_.poll(calls_.user);
  polled_at_ = record_.clock().now();  // it may have waited for the interpreter's lock
  return go_on;
}

template <typename Ticket, typename Answered>
WaitEnd Waiter::until_unless(Instant due, Instant& now, Ticket ticket, Answered answered) {
  now = record_.clock().now();
  if (VirtualClock* clock = record_.clock().virtual_clock()) {
    while (clock->now() < due && !answered()) {
      if (!keep_going(last_poll_)) return WaitEnd::Stopped;
      clock->advance(due);
      woken_at_ = clock->now();  // later than `due` where an event took its time
      if (woken_at_ >= due) wake_up_error_.add(woken_at_ - due);
    }
    now = clock->now();
    return WaitEnd::Ready;
  }
  while (now < due && !answered()) {
    if (!keep_going(now)) return WaitEnd::Stopped;
    const Duration spin = spin_time(now);
    if (settings_.pacing != Pacing::Spin && due - now > spin) {
      if (sleep_towards(due - spin, now, ticket()) == WaitEnd::Stopped) return WaitEnd::Stopped;
      continue;
    }
    const Instant spin_start = now;
    const Instant spin_end = std::min(due, now + kPollPeriod);
    while (now < spin_end && !answered()) now = record_.clock().now();
    spun_ += now - spin_start;
  }
  return WaitEnd::Ready;
}

WaitEnd Waiter::until(Instant due, Instant& now) {
  return until_unless(due, now, [this] { return record_.signal().ticket(); }, [] { return false; });
}

WaitEnd Waiter::until_or_answer(Instant due, std::uint32_t ticket, Instant& now) {
  return until_unless(
      due, now, [ticket] { return ticket; }, [this, ticket] { return record_.signal().ticket() != ticket; });
}

WaitEnd Waiter::sleep_towards(Instant target, Instant& now, std::uint32_t ticket) {
  if (crowding_.crowded()) target = std::max(target, now + crowding_.rest(thread_cpu_time(), now));
  const Instant limit = std::min(target, now + kPollPeriod);
  if (aborted_.load(std::memory_order_relaxed)) return WaitEnd::Stopped;  // relaxed: abort() rings after it set it
  const Wake wake = record_.signal().wait(ticket, limit);
  now = woken_at_ = record_.clock().now();
  if (wake == Wake::Interrupted) return poll(now) ? WaitEnd::Ready : WaitEnd::Stopped;
  if (wake == Wake::TimedOut && now >= limit) {
    margin_.add(now - limit);
    wake_up_error_.add(now - limit);
    if (settings_.pacing == Pacing::Auto && crowding_.wants_look(now)) crowding_.look(run_queue_delay(), now);
  }
  return WaitEnd::Ready;
}

Duration Waiter::spin_time(Instant now) noexcept {
  if (!may_spin(now)) return Duration{0};
  return crowding_.crowded() ? kCrowdedMargin : margin_.margin();
}

bool Waiter::may_spin(Instant now) noexcept {
  if (settings_.pacing == Pacing::Sleep) return false;
  if (settings_.priority != Priority::Realtime) return true;
  if (now - window_start_ >= kRealtimeWindow) {
    window_start_ = now;
    spun_ = Duration{0};
  }
  return spun_ < kRealtimeSpin;
}

WaitEnd Waiter::until_answered(std::uint64_t row, OpenRows open) {
  return wait_for_answers(row, open, [this, row] { return record_.is_done(row); });
}

Instant Waiter::last_answer(OpenRows open) const noexcept {
  Instant latest{};
  for (const RowRange& rows : open) {
    for (std::uint64_t row = rows.first; row < rows.first + rows.count; ++row) {
      if (record_.is_done(row)) latest = std::max(latest, record_.completed_at(row));
    }
  }
  return latest;
}

}  // namespace loadgen
