// SPDX-License-Identifier: Apache-2.0
// Offline: one query with everything in it.
#include "engine/issuer.hpp"

namespace loadgen {

SeriesEnd Issuer::offline(TrafficPlan& plan) {
  PlannedQuery query;
  const bool staged = stage(plan, query);
  outcome_.start = last_issued_ = start();
  if (!staged) return end_of_plan();
  Instant now;
  const bool issued = issue_now(staged_.count, now);
  way_.entered = now;
  way_.looked = calls_.enter != nullptr;
  count_own_delay(outcome_.start, now);
  ++outcome_.n_queries;
  if (!issued) return SeriesEnd::SutRaised;
  return waiter_.keep_going(now) ? SeriesEnd::Natural : SeriesEnd::Aborted;
}

}  // namespace loadgen
