// SPDX-License-Identifier: Apache-2.0
#include "engine/late_issues.hpp"

#include <algorithm>

namespace loadgen {

void LateIssues::split(Octave& octave, const WayToIssue& way, Instant ideal, Instant issued) noexcept {
  Instant from = ideal;
  const auto spend = [&](Instant until, Stage stage) {
    const Duration step = std::min(until, issued) - from;
    if (step <= Duration{0}) return;
    const bool long_enough = stage == Stage::CatchingUp || stage == Stage::Woken || step > kLongestWork;
    octave.add(long_enough ? stage : Stage::Working, step);
    from += step;
  };
  spend(way.free, Stage::CatchingUp);
  spend(way.polled, Stage::Locked);
  spend(way.woken, Stage::Woken);
  spend(way.ready, Stage::Stopped);
  spend(way.entered, way.looked ? Stage::Locked : Stage::Stopped);
  spend(issued, Stage::Stopped);
}

void LateIssues::add(const LateIssues& other) noexcept {
  for (std::size_t n = 0; n < kOctaves; ++n) {
    octaves_[n].count += other.octaves_[n].count;
    for (std::size_t stage = 0; stage < kStages; ++stage) octaves_[n].spent[stage] += other.octaves_[n].spent[stage];
  }
}

std::uint64_t LateIssues::count() const noexcept {
  std::uint64_t count = 0;
  for (const Octave& octave : octaves_) count += octave.count;
  return count;
}

Duration LateIssues::spent(Stage stage) const noexcept {
  Duration spent{0};
  for (const Octave& octave : octaves_) spent += octave.spent[static_cast<std::size_t>(stage)];
  return spent;
}

}  // namespace loadgen
