// SPDX-License-Identifier: Apache-2.0
// Simulated time: a queue of events, run in the order of their times by whoever waits.
//
// Not for: measuring. A run on a virtual clock tests statistics, rules and pacing logic without waiting.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace loadgen {

/// A clock that moves only when somebody waits on it, and runs the events that are due on the way.
///
/// Thread safety: none; everything happens on the issuing thread.
/// Events at the same instant run in the order in which they were added.
class VirtualClock {
 public:
  using Event = std::function<void()>;

  /// The time starts at `start`, which must be positive (0 means "not yet" in a record).
  explicit VirtualClock(Instant start = Instant{std::chrono::seconds{1}}) noexcept : now_{start} {}

  [[nodiscard]] Instant now() const noexcept { return now_; }

  /// Runs `event` when time reaches `at`; an instant that has passed counts as now.
  void call_at(Instant at, Event event);

  /// Moves to the next event at or before `limit` and runs it: true. With no such event, moves to `limit`: false.
  bool advance(Instant limit);

  /// Time passes by `step` with no event being run: what a computation costs.
  void spend(Duration step) noexcept { now_ += step; }

  /// Takes the clock for one run: events of two would run each other's. False when it is taken.
  [[nodiscard]] bool acquire() noexcept { return !std::exchange(taken_, true); }
  /// Gives it back, and drops every event that has not run: it would answer a run that has ended.
  void release() noexcept {
    taken_ = false;
    events_.clear();
  }

 private:
  struct Entry {
    Instant at;
    std::uint64_t order;
    Event event;
    bool operator<(const Entry& other) const noexcept {  // a heap keeps its largest in front
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  Instant now_;
  bool taken_ = false;
  std::uint64_t added_ = 0;
  std::vector<Entry> events_;
};

}  // namespace loadgen
