// SPDX-License-Identifier: Apache-2.0
#include "plan/traffic.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/error.hpp"

using loadgen::ArrivalKind;
using loadgen::Duration;
using loadgen::Error;
using loadgen::ErrorCode;
using loadgen::LoadedSet;
using loadgen::Mt19937;
using loadgen::PlannedQuery;
using loadgen::PlanSettings;
using loadgen::SampleOrder;
using loadgen::Scenario;
using loadgen::TrafficPlan;

using Samples = std::vector<std::uint32_t>;

namespace {

LoadedSet set_of(Samples samples, std::size_t end) { return {.samples = std::move(samples), .end = end}; }
LoadedSet set_of(Samples samples) { return {.samples = samples, .end = samples.size()}; }

const Samples kLoaded{10, 11, 12, 13, 14};

PlanSettings single_stream(std::uint64_t min_queries) {
  return {.scenario = Scenario::SingleStream, .min_query_count = min_queries, .period = Duration{100}};
}

PlanSettings server(std::uint64_t min_queries) {
  return {.scenario = Scenario::Server,
          .min_query_count = min_queries,
          .arrivals = {.kind = ArrivalKind::Constant, .target_qps = 1e7, .timestamps_ns = {}}};
}

PlanSettings offline(std::uint64_t samples) {
  return {.scenario = Scenario::Offline, .samples_per_query = samples, .min_query_count = 1};
}

Samples all_samples(TrafficPlan& plan) {
  Samples samples;
  for (PlannedQuery query; plan.next(query);) {
    const std::size_t begin = samples.size();
    samples.resize(begin + query.sample_count);
    plan.take_samples(std::span{samples}.subspan(begin), nullptr);
  }
  return samples;
}

Samples all_samples(const PlanSettings& settings, const LoadedSet& set) {
  TrafficPlan plan{settings, set, nullptr};
  return all_samples(plan);
}

ErrorCode refusal(const PlanSettings& settings, const LoadedSet& set) {
  try {
    const TrafficPlan plan{settings, set, nullptr};
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("not refused");
  return {};
}

}  // namespace

TEST_CASE("a SingleStream plan is twice as long as the target duration, and one query more") {
  PlanSettings settings = single_stream(3);
  settings.target_duration = Duration{450};
  TrafficPlan plan{settings, set_of(kLoaded), nullptr};
  plan.run_dry();
  CHECK(plan.query_count() == 10);  // due at 0, 100, ..., 900; the last is the first at 900 or later
  CHECK(plan.duration() == Duration{1000});
}

TEST_CASE("a Server plan goes on until a query is due at the target duration") {
  PlanSettings settings = server(3);
  settings.target_duration = Duration{1000};
  TrafficPlan plan{settings, set_of(kLoaded), nullptr};
  plan.run_dry();
  CHECK(plan.query_count() == 11);
  CHECK(plan.duration() == Duration{1100});
}

TEST_CASE("queries have a due time only where they are not sent when a slot is free") {
  PlannedQuery query;
  TrafficPlan timed{server(2), set_of(kLoaded), nullptr};
  REQUIRE(timed.next(query));
  REQUIRE(timed.next(query));
  CHECK(query.due == Duration{100});
  TrafficPlan untimed{single_stream(2), set_of(kLoaded), nullptr};
  REQUIRE(untimed.next(query));
  REQUIRE(untimed.next(query));
  CHECK(query.due == Duration{0});
}

TEST_CASE("a plan that has ended stays ended") {
  PlannedQuery query;
  TrafficPlan plan{single_stream(1), set_of(kLoaded), nullptr};
  CHECK(plan.next(query));
  CHECK_FALSE(plan.next(query));
  CHECK_FALSE(plan.next(query));
  CHECK(plan.query_count() == 1);
}

TEST_CASE("Offline repeats the set in load order and ends with the beginning of one more copy") {
  CHECK(all_samples(offline(12), set_of(kLoaded)) == Samples{10, 11, 12, 13, 14, 10, 11, 12, 13, 14, 10, 11});
  CHECK(all_samples(offline(3), set_of(kLoaded)) == Samples{10, 11, 12});
}

TEST_CASE("Offline repeats one sample when asked to") {
  PlanSettings settings = offline(4);
  settings.order = SampleOrder::Same;
  settings.same_index = 3;
  CHECK(all_samples(settings, set_of(kLoaded)) == Samples{13, 13, 13, 13});
}

TEST_CASE("an Offline accuracy series is one query that holds the set") {
  PlanSettings settings = offline(1'000);
  settings.accuracy = true;
  CHECK(all_samples(settings, set_of(kLoaded)) == kLoaded);
}

TEST_CASE("with equal issue a plan is a whole number of permutations, also when it is extended") {
  for (const Scenario scenario : {Scenario::SingleStream, Scenario::Server}) {
    PlanSettings settings = server(7);
    settings.scenario = scenario;
    settings.period = Duration{100};
    settings.order = SampleOrder::Permutation;
    settings.target_duration = Duration{1'101};
    Samples samples = all_samples(settings, set_of(kLoaded));
    CHECK(samples.size() == (scenario == Scenario::Server ? 15 : 25));
    for (std::size_t begin = 0; begin < samples.size(); begin += 5) {
      Samples once{samples.begin() + static_cast<std::ptrdiff_t>(begin),
                   samples.begin() + static_cast<std::ptrdiff_t>(begin) + 5};
      std::sort(once.begin(), once.end());
      CHECK(once == kLoaded);
    }
  }
}

TEST_CASE("one sample again and again fills whole sets when asked to") {
  for (const bool whole_sets : {false, true}) {
    PlanSettings settings = single_stream(7);
    settings.order = SampleOrder::Same;
    settings.same_index = 2;
    settings.whole_sets = whole_sets;
    CHECK(all_samples(settings, set_of(kLoaded)) == Samples(whole_sets ? 10 : 7, 12));
    settings.accuracy = true;
    CHECK(all_samples(settings, set_of(kLoaded)) == Samples(5, 12));
  }
}

TEST_CASE("MultiStream queries are neighbours in load order, from any unpadded position") {
  PlanSettings settings = single_stream(200);
  settings.scenario = Scenario::MultiStream;
  settings.samples_per_query = 3;
  const Samples padded{10, 11, 12, 13, 14, 10, 11};
  const Samples samples = all_samples(settings, set_of(padded, 5));
  REQUIRE(samples.size() == 600);
  std::vector<bool> seen(5);
  for (std::size_t begin = 0; begin < samples.size(); begin += 3) {
    const std::size_t start = samples[begin] - 10;
    seen[start] = true;
    CHECK(samples[begin + 1] == padded[start + 1]);
    CHECK(samples[begin + 2] == padded[start + 2]);
  }
  CHECK(seen == std::vector<bool>(5, true));
}

TEST_CASE("samples that are not taken are passed over, in every scenario") {
  PlanSettings multi = single_stream(50);
  multi.scenario = Scenario::MultiStream;
  multi.samples_per_query = 3;
  for (const PlanSettings& settings : {single_stream(50), server(50), multi}) {
    const LoadedSet set = settings.samples_per_query == 1 ? set_of(kLoaded) : set_of({10, 11, 12, 13, 14, 10, 11}, 5);
    const Samples whole = all_samples(settings, set);
    const std::size_t size = settings.samples_per_query;
    TrafficPlan plan{settings, set, nullptr};
    PlannedQuery query;
    for (std::size_t i = 0; plan.next(query); ++i) {
      Samples some(i % (size + 1));
      plan.take_samples(some, nullptr);
      CHECK(std::equal(some.begin(), some.end(), whole.begin() + static_cast<std::ptrdiff_t>(i * size)));
    }
  }
}

TEST_CASE("the accuracy log's engine runs on as if all samples had been drawn") {
  PlanSettings settings = offline(101);
  settings.accuracy_log_probability = 0.5;
  Mt19937 undrawn;
  TrafficPlan plan{settings, set_of(kLoaded), &undrawn};
  PlannedQuery query;
  REQUIRE(plan.next(query));
  Samples some(7);
  std::vector<std::uint8_t> keep(7);
  plan.take_samples(std::span{some}.first(3), keep.data());
  plan.take_samples(std::span{some}.subspan(3), nullptr);
  plan.run_dry();
  Mt19937 expected;
  expected.discard(2 * 101);
  CHECK(undrawn() == expected());
  CHECK(plan.sample_count() == 101);
}

TEST_CASE("with probability 0 the accuracy log's engine is left alone, and accuracy series keep all") {
  PlanSettings settings = offline(5);
  settings.accuracy = true;
  Mt19937 engine;
  TrafficPlan plan{settings, set_of(kLoaded), &engine};
  PlannedQuery query;
  REQUIRE(plan.next(query));
  Samples samples(5);
  std::vector<std::uint8_t> keep(5);
  plan.take_samples(samples, keep.data());
  CHECK(keep == std::vector<std::uint8_t>(5, 1));
  CHECK(engine() == Mt19937{}());
}

TEST_CASE("run_dry leaves the plan ended, and an open plan where it is") {
  PlannedQuery query;
  TrafficPlan bounded{server(20), set_of(kLoaded), nullptr};
  REQUIRE(bounded.next(query));
  bounded.run_dry();
  CHECK(bounded.query_count() == 20);
  CHECK_FALSE(bounded.next(query));

  PlanSettings settings = server(0);
  settings.bounded = false;
  TrafficPlan open{settings, set_of(kLoaded), nullptr};
  REQUIRE(open.next(query));
  open.run_dry();
  CHECK(open.query_count() == 1);
  CHECK(open.next(query));
}

TEST_CASE("a moved plan goes on where it was") {
  TrafficPlan plan{single_stream(40), set_of(kLoaded), nullptr};
  const Samples whole = all_samples(single_stream(40), set_of(kLoaded));
  TrafficPlan moved = std::move(plan);
  CHECK(all_samples(moved) == whole);
}

TEST_CASE("a set that does not fit the scenario is refused, so that nothing is read past its end") {
  PlanSettings multi = single_stream(1);
  multi.scenario = Scenario::MultiStream;
  multi.samples_per_query = 3;
  CHECK(refusal(multi, set_of({1, 2, 3, 1}, 3)) == ErrorCode::InvalidPlan);
  CHECK(refusal(single_stream(1), set_of({1, 2, 3, 1}, 3)) == ErrorCode::InvalidPlan);
  CHECK(refusal(single_stream(1), set_of({1, 2}, 3)) == ErrorCode::InvalidPlan);
  CHECK(refusal(single_stream(1), set_of({}, 0)) == ErrorCode::InvalidPlan);
}

TEST_CASE("an index to repeat outside the set is refused, also in a short last set of an accuracy run") {
  PlanSettings settings = single_stream(1);
  settings.accuracy = true;
  settings.order = SampleOrder::Same;
  settings.same_index = 5;
  CHECK(refusal(settings, set_of(kLoaded)) == ErrorCode::IndexOutOfRange);
  settings.same_index = std::numeric_limits<std::uint64_t>::max();
  CHECK(refusal(settings, set_of(kLoaded)) == ErrorCode::IndexOutOfRange);
}

TEST_CASE("a plan that would have no query, or never end, is refused") {
  CHECK(refusal(single_stream(0), set_of(kLoaded)) == ErrorCode::InvalidPlan);
  PlanSettings settings = single_stream(1);
  settings.period = Duration{0};
  settings.target_duration = Duration{1};
  CHECK(refusal(settings, set_of(kLoaded)) == ErrorCode::InvalidPlan);
  settings = offline(6);
  settings.order = SampleOrder::Unique;
  CHECK(refusal(settings, set_of(kLoaded)) == ErrorCode::InvalidPlan);
}
