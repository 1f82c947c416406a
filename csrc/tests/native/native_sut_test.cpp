// SPDX-License-Identifier: Apache-2.0
#include "native/native_sut.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>

#include "c_system.h"
#include "open_run.hpp"

using namespace loadgen;
using namespace std::chrono_literals;

namespace {

// Issues 20 queries, one at a time, to a system.
struct Series {
  explicit Series(const loadgen_sut& sut, bool fail_on_error = false, const RunSettings& settings = test::small_run())
      : open{settings, 0}, calls{sut, *open.handle, open.run.record(), fail_on_error, waiting} {}

  SeriesOutcome run() {
    PlanSettings plan;
    plan.scenario = Scenario::SingleStream;
    plan.bounded = false;
    TrafficPlan traffic{plan, {{0, 1, 2, 3}, 4}, nullptr};
    SeriesSettings settings;
    settings.min_queries = 20;
    return open.run.run_series(traffic, settings, calls.calls());
  }

  SutCalls waiting;
  test::OpenRun open;
  NativeCalls calls;
};

loadgen_sut system_of(int (*issue)(void*, const loadgen_batch*), void* user_data = nullptr) {
  return {sizeof(loadgen_sut), LOADGEN_ABI_VERSION, nullptr, user_data, nullptr, issue, nullptr, nullptr};
}

}  // namespace

TEST_CASE("a system in C gets every sample and flush once, and answers in issue()") {
  c_system_counts counts{};
  Series series{c_system(&counts)};
  const SeriesOutcome outcome = series.run();
  CHECK(outcome.end == SeriesEnd::Natural);
  CHECK(outcome.n_outstanding == 0);
  CHECK(counts.samples == 20);
  CHECK(counts.flushes == 1);
  CHECK(counts.started + counts.stopped == 0);  // they belong to the run
  std::uint64_t sum = 0;
  for (std::uint64_t row = 0; row < 20; ++row) sum += series.open.run.record().indices()[row];
  CHECK(counts.sum_of_indices == sum);
  CHECK(series.calls.failed_function() == nullptr);
}

TEST_CASE("a batch says how large it is and of which version, and has the table") {
  const loadgen_sut sut = system_of([](void*, const loadgen_batch* batch) {
    const bool right = batch->struct_size == sizeof(loadgen_batch) && batch->abi_version == LOADGEN_ABI_VERSION &&
                       batch->api == &native_api() && batch->first_id != 0 && batch->count == 1;
    return right ? batch->api->complete(batch->run, batch->first_id, 1) : 1;
  });
  CHECK(Series{sut}.run().end == SeriesEnd::Natural);
}

TEST_CASE("the core issues on a thread of its own; on a virtual clock on the caller's") {
  std::thread::id issuing;
  const loadgen_sut sut = system_of(
      [](void* user, const loadgen_batch* batch) {
        *static_cast<std::thread::id*>(user) = std::this_thread::get_id();
        return batch->api->complete(batch->run, batch->first_id, batch->count);
      },
      &issuing);
  Series{sut}.run();
  CHECK(issuing != std::this_thread::get_id());
  VirtualClock clock;
  RunSettings settings = test::small_run();
  settings.virtual_clock = &clock;
  CHECK(Series{sut, false, settings}.run().end == SeriesEnd::Natural);
  CHECK(issuing == std::this_thread::get_id());
}

TEST_CASE("what a function returns but 0 ends the series, and is kept") {
  Series series{system_of([](void*, const loadgen_batch*) { return 7; })};
  CHECK(series.run().end == SeriesEnd::SutRaised);
  CHECK(series.calls.failed_function() == std::string{"issue"});
  CHECK(series.calls.failed_code() == 7);

  c_system_counts counts{};
  loadgen_sut sut = c_system(&counts);
  sut.flush = [](void*) { return -3; };
  Series flushed{sut};
  const SeriesOutcome outcome = flushed.run();
  CHECK(outcome.end == SeriesEnd::SutRaised);
  CHECK(outcome.n_outstanding == 0);
  CHECK(flushed.calls.failed_function() == std::string{"flush"});
  CHECK(flushed.calls.failed_code() == -3);
}

TEST_CASE("where errors fail samples, those of the batch that are open fail and the series goes on") {
  int n_calls = 0;
  const loadgen_sut sut = system_of(
      [](void* user, const loadgen_batch* batch) {
        const int call = ++*static_cast<int*>(user);
        if (call != 3) batch->api->complete(batch->run, batch->first_id, 1);
        return call == 3 || call == 4 ? 9 : 0;
      },
      &n_calls);
  Series series{sut, true};
  const SeriesOutcome outcome = series.run();
  CHECK(outcome.end == SeriesEnd::Natural);
  CHECK(outcome.n_queries == 20);
  CHECK(series.open.run.record().failures().table().at("issue() returned 9").count == 1);
  CHECK(series.open.violations(Violation::Repeated) == 0);
}

TEST_CASE("a system that never answers is given up after the silence") {
  RunSettings settings = test::small_run();
  settings.waiting.drain_timeout = 20ms;
  Series series{system_of([](void*, const loadgen_batch*) { return 0; }), false, settings};
  const SeriesOutcome outcome = series.run();
  CHECK(outcome.end == SeriesEnd::DrainTimeout);
  CHECK(outcome.n_outstanding == 1);
}
