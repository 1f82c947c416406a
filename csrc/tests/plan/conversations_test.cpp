// SPDX-License-Identifier: Apache-2.0
#include "plan/conversations.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "plan/traffic.hpp"

using namespace loadgen;
using namespace std::chrono_literals;

namespace {

/// Conversations of 1, 3 and 2 turns: the samples 0, 1 to 3, 4 and 5. One starts each second.
PlanSettings talks(std::uint64_t min_turns, SampleOrder order = SampleOrder::Sequential) {
  PlanSettings settings;
  settings.scenario = Scenario::Server;
  settings.order = order;
  settings.min_query_count = min_turns;
  settings.arrivals.kind = ArrivalKind::Constant;
  settings.arrivals.target_qps = 1.0;
  settings.conversations = {.turns = {1, 3, 2}, .kind = ThinkTime::Constant, .think_time = 5ms};
  return settings;
}

TrafficPlan plan_of(const PlanSettings& settings) {
  LoadedSet set{.samples = {5, 3, 1, 0, 2, 4}, .end = 6};
  return TrafficPlan{settings, set, nullptr};
}

struct Drawn {
  std::vector<std::vector<std::uint32_t>> talks;
  std::vector<Duration> due;
  std::vector<Duration> think_times;
};

Drawn draw(TrafficPlan plan) {
  Drawn drawn;
  for (PlannedQuery query; plan.next(query);) {
    drawn.due.push_back(query.due);
    drawn.talks.emplace_back(query.sample_count);
    plan.take_samples(std::span{drawn.talks.back()}, nullptr);
    const auto times = plan.think_times();
    CHECK(times.size() + 1 == query.sample_count);
    drawn.think_times.insert(drawn.think_times.end(), times.begin(), times.end());
  }
  return drawn;
}

}  // namespace

TEST_CASE("a query of the plan is a conversation, and its turns are its samples") {
  TrafficPlan plan = plan_of(talks(8));
  const Drawn drawn = draw(plan);
  CHECK(drawn.talks == std::vector<std::vector<std::uint32_t>>{{0}, {1, 2, 3}, {4, 5}, {0}, {1, 2, 3}});
  CHECK(drawn.due == std::vector<Duration>{0s, 1s, 2s, 3s, 4s});
  CHECK(drawn.think_times == std::vector<Duration>(5, 5ms));
}

TEST_CASE("turns count: the plan ends when there are enough, and counts all that were begun") {
  TrafficPlan plan = plan_of(talks(5));
  plan.run_dry();
  CHECK(plan.query_count() == 6);
  CHECK(plan.sample_count() == 6);
  CHECK(plan.duration() == 3s);
  CHECK(plan.bounded());
}

TEST_CASE("the target duration is that of the starts") {
  PlanSettings settings = talks(1);
  settings.target_duration = 2500ms;
  CHECK(draw(plan_of(settings)).due == std::vector<Duration>{0s, 1s, 2s, 3s});
}

TEST_CASE("turns that are not taken are passed over") {
  TrafficPlan plan = plan_of(talks(8));
  std::vector<std::uint32_t> firsts;
  for (PlannedQuery query; plan.next(query);) {
    firsts.push_back(99);
    plan.take_samples({&firsts.back(), 1}, nullptr);
  }
  CHECK(firsts == std::vector<std::uint32_t>{0, 1, 4, 0, 1});
}

TEST_CASE("unique and whole permutations are of conversations") {
  const Drawn unique = draw(plan_of(talks(1, SampleOrder::Unique)));
  CHECK(unique.talks.size() == 3);
  const Drawn permuted = draw(plan_of(talks(7, SampleOrder::Permutation)));
  CHECK(permuted.talks.size() == 6);
  std::uint64_t turns = 0;
  for (const auto& talk : permuted.talks) turns += talk.size();
  CHECK(turns == 12);
}

TEST_CASE("replayed starts are as many as there are timestamps, whatever their turns") {
  PlanSettings settings = talks(1);
  settings.arrivals = {.kind = ArrivalKind::Replay, .timestamps_ns = {0, 10, 10, 30}, .rate = {}};
  CHECK(draw(plan_of(settings)).due == std::vector<Duration>{0ns, 10ns, 10ns, 30ns});
}

TEST_CASE("think times have a stream of their own: starts and samples stay, and the mean is what was asked for") {
  PlanSettings constant = talks(60000, SampleOrder::Random);
  constant.arrivals.kind = ArrivalKind::Poisson;
  PlanSettings random = constant;
  random.conversations.kind = ThinkTime::Exponential;
  const Drawn one = draw(plan_of(constant));
  const Drawn other = draw(plan_of(random));
  CHECK(one.due == other.due);
  CHECK(one.talks == other.talks);
  const Duration sum = std::accumulate(other.think_times.begin(), other.think_times.end(), Duration{0});
  const double mean_ms = static_cast<double>(sum.count()) / static_cast<double>(other.think_times.size()) / 1e6;
  CHECK(mean_ms == doctest::Approx(5.0).epsilon(0.03));
  // Not the gaps of the starts in another unit.
  const double gap = static_cast<double>((other.due[1] - other.due[0]).count());
  CHECK(static_cast<double>(other.think_times[0].count()) / 5e6 != doctest::Approx(gap / 1e9).epsilon(1e-3));
  random.schedule_seed = 1;
  CHECK(draw(plan_of(random)).think_times[0] != other.think_times[0]);
}

TEST_CASE("turns that are not the loaded samples are refused") {
  for (const std::vector<std::uint32_t>& turns :
       {std::vector<std::uint32_t>{1, 3}, {1, 3, 3}, {1, 0, 5}, {std::uint32_t{0} - 1, 7}}) {
    PlanSettings settings = talks(1);
    settings.conversations.turns = turns;
    CHECK_THROWS_AS(plan_of(settings), Error);
  }
  PlanSettings closed = talks(1);
  closed.scenario = Scenario::SingleStream;
  CHECK_THROWS_AS(plan_of(closed), Error);
  PlanSettings accuracy = talks(1);
  accuracy.accuracy = true;
  CHECK_THROWS_AS(plan_of(accuracy), Error);
}
