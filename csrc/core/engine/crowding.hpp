// SPDX-License-Identifier: Apache-2.0
// Whether other threads want the processors too, and how the issuing thread then has to behave.
#pragma once

#include <optional>

#include "base/time.hpp"

namespace loadgen {

/// Notices that the thread is ready and waits for a processor, and says how long it should sleep so that it need not.
///
/// A scheduler that shares a processor evenly between two threads (Linux: EEVDF) lets the one that has had more than
/// half of it wait until the other's slice ends, for milliseconds. A thread that spins for 150 us before each deadline
/// has had that much more; and so has one that ran for 20 us and is woken after 10. While it is crowded, therefore, the
/// thread hardly spins, and sleeps for at least as long as it has run more than its half: late by some tens of
/// microseconds instead of milliseconds.
///
/// Whoever rests like this is not kept waiting, and so cannot see whether it is crowded still. So crowding is held for
/// a time, then tried: if the waiting comes back at once, it is held for twice as long.
class Crowding {
 public:
  static constexpr Duration kShortestHold = std::chrono::seconds{1};
  static constexpr Duration kLongestHold = std::chrono::seconds{32};
  static constexpr Duration kLongestRest = std::chrono::microseconds{250};

  [[nodiscard]] bool crowded() const noexcept { return crowded_; }

  /// Time for look(): a hundred times a second, and not while crowding is held.
  [[nodiscard]] bool wants_look(Instant now) const noexcept { return now >= next_look_; }
  /// Takes how long the thread has been ready and waited for a processor so far; nothing where nobody knows. To be
  /// called when it is wanted only: a look that ends the hold starts the trial.
  void look(std::optional<Duration> waited, Instant now) noexcept;

  /// How long the thread must sleep at least, from `now`, after `cpu_time` on a processor so far. To be called before
  /// each sleep while it is crowded.
  [[nodiscard]] Duration rest(Duration cpu_time, Instant now) noexcept;

 private:
  void open_window(std::optional<Duration> waited, Instant now) noexcept;

  bool crowded_ = false;
  Instant next_look_{};
  Instant window_start_{};
  std::optional<Duration> window_waited_;  // how long the thread had waited when the window was opened
  Instant tried_at_{};                     // when the last hold ended
  Duration hold_{0};
  Duration ahead_{0};  // what the thread has run more than its half; at most kLongestRest
  Duration cpu_time_{0};
  Instant rested_at_{};
};

}  // namespace loadgen
