// SPDX-License-Identifier: Apache-2.0
// What issuing cost, and what held it up.
#pragma once

#include <cstdint>
#include <optional>

#include "base/thread.hpp"
#include "engine/late_issues.hpp"
#include "record/histogram.hpp"

namespace loadgen {

/// Of one issuing thread in one series, or the sums over several threads and series.
struct Issuing {
  std::uint64_t n_due = 0;  // queries whose delay is known: Server and Offline
  LateIssues late;
  DurationHistogram wake_up_error;   // of each sleep that ended by itself: how much too late
  std::optional<Duration> in_issue;  // Server, push and native: inside the SUT's issue()
  Duration wall{0};                  // from before the first query was planned to the last one's issue
  std::optional<ThreadUsage> usage;  // nothing on a virtual clock, or where the system does not say

  void add(const Issuing& other) {
    n_due += other.n_due;
    late.add(other.late);
    wake_up_error.add(other.wake_up_error);
    if (in_issue && other.in_issue) *in_issue += *other.in_issue;
    wall += other.wall;
    if (usage && other.usage) *usage += *other.usage;
  }
};

}  // namespace loadgen
