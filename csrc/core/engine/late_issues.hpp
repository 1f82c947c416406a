// SPDX-License-Identifier: Apache-2.0
// Where the own delay of late issues came from. Figures for whoever asks why the generator was late.
//
// Not for: how late it was (Run::own_delay()).
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "base/time.hpp"

namespace loadgen {

enum class Stage : std::uint8_t {
  CatchingUp,  // the query before was still on its way, or went out with this one
  Woken,       // a sleep ended late
  Stopped,     // did not run between two readings of the clock; or nobody can say
  Locked,      // waited in enter() or poll(), for the interpreter's lock
  Working,     // the generator's own work: every step but a sleep that is too short for anything else
};
inline constexpr std::size_t kStages = 5;

/// Instants on an issuing thread's way to an issue, each the last of its kind. One that is older than the query, or
/// than the one above it, says nothing; so none has to be reset.
struct WayToIssue {
  Instant free;     // the call before had returned; pull: the query before was issued; merged: this one was, too
  Instant polled;   // poll() had returned
  Instant woken;    // a sleep had ended
  Instant ready;    // before enter()
  Instant entered;  // after enter()
  /// Whether the clock was read for `ready`. Of a query that is late already it is `free`, unless the lock was waited
  /// for a short while ago.
  bool looked = true;
};

/// Splits the own delay of each late issue into stages, which add up to it, and sums them by the size of the delay: the
/// issues that make a percentile are those of some sizes, and a stall of a second must not hide what made them late.
///
/// Thread safety: one writer; read it when the writer is done. Cost: nothing for an issue in time; some ns for a late
/// one.
class LateIssues {
 public:
  /// Up to this a delay is some readings of the clock and a call: FLOOR_NS in src/loadgen/health.
  static constexpr Duration kLate = std::chrono::microseconds{1};
  /// No step of the generator's own work takes longer: 32 queries that are published together take 1 to 3 us, code that
  /// has left the cache 5.
  static constexpr Duration kLongestWork = std::chrono::microseconds{10};

  struct Octave {
    std::uint64_t count = 0;
    std::array<Duration, kStages> spent{};

    void add(Stage stage, Duration step) noexcept { spent[static_cast<std::size_t>(stage)] += step; }
  };

  /// Takes a query that was issued later than kLate after `ideal`, when it should have been, if it went out as soon as
  /// the one before let it: at `free`. Every query does, when there are more than can be issued: no step is long, so
  /// what they were need not be asked. False: it did not, and add() is to take it.
  bool add_following(Instant free, Instant ideal, Instant issued) noexcept {
    if (free <= ideal || issued - free > kLongestWork) return false;
    Octave& octave = octave_of(issued - ideal);
    ++octave.count;
    octave.add(Stage::CatchingUp, free - ideal);
    octave.add(Stage::Working, issued - free);
    return true;
  }
  /// Takes any query that was issued later than kLate after `ideal`.
  void add(const WayToIssue& way, Instant ideal, Instant issued) noexcept {
    Octave& octave = octave_of(issued - ideal);
    ++octave.count;
    split(octave, way, ideal, issued);
  }
  void add(const LateIssues& other) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept;
  [[nodiscard]] Duration spent(Stage stage) const noexcept;
  /// Those whose delay was at least 2^n ns, and less than twice that.
  [[nodiscard]] const Octave& octave(std::size_t n) const noexcept { return octaves_[n]; }
  static constexpr std::size_t kOctaves = 63;

 private:
  [[nodiscard]] Octave& octave_of(Duration delay) noexcept {
    return octaves_[std::bit_width(static_cast<std::uint64_t>(delay.count())) - 1];
  }
  static void split(Octave& octave, const WayToIssue& way, Instant ideal, Instant issued) noexcept;

  std::array<Octave, kOctaves> octaves_{};
};

}  // namespace loadgen
