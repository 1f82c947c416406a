// SPDX-License-Identifier: Apache-2.0
// Claims about threads of a system in C: they may answer while a run drains, aborts, ends and is destroyed, and go on
// calling for ever.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "native/api.hpp"
#include "native/native_sut.hpp"
#include "native/run_handle.hpp"

using namespace loadgen;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kQueries = 300;

// A system whose threads answer each sample once as they should, and then do all that they should not.
class Hammering {
 public:
  explicit Hammering(int n_threads) {
    for (int thread = 0; thread < n_threads; ++thread)
      threads_.emplace_back([this](const std::stop_token& token) { work(token); });
  }

  loadgen_sut sut() {
    return {sizeof(loadgen_sut), LOADGEN_ABI_VERSION, nullptr, this, nullptr, &issue, nullptr, nullptr};
  }
  /// In this many batches the run is aborted; 0: never.
  std::atomic<std::uint64_t> abort_in{0};
  std::atomic<std::uint64_t> late{0};  // calls that found their run over

 private:
  struct Job {
    const loadgen_api* api;
    loadgen_run* run;
    std::uint64_t first_id;
    std::uint64_t count;
  };

  static int issue(void* user, const loadgen_batch* batch) {
    auto& self = *static_cast<Hammering*>(user);
    const std::lock_guard lock{self.mutex_};
    self.jobs_.push_back({batch->api, batch->run, batch->first_id, batch->count});
    return 0;
  }

  void work(const std::stop_token& token) {
    std::optional<Job> last;
    while (!token.stop_requested()) {
      {
        const std::lock_guard lock{mutex_};
        if (!jobs_.empty()) {
          last = jobs_.back();
          jobs_.pop_back();
          answer(*last);
        }
      }
      if (last) misbehave(*last);
    }
  }

  void answer(const Job& job) {
    if (abort_in > 0 && --abort_in == 0) job.api->abort_run(job.run, "by a thread");
    const char bytes[] = "an answer";
    for (std::uint64_t id = job.first_id; id < job.first_id + job.count; ++id) {
      const loadgen_answer answer{sizeof(loadgen_answer), 0, id, bytes, sizeof bytes, 2};
      job.api->first_token(job.run, id, 1);
      job.api->answer(job.run, &answer);
    }
  }

  void misbehave(const Job& job) {
    const int outcome = job.api->complete(job.run, job.first_id, job.count);
    if (outcome == LOADGEN_E_ENDED) ++late;
    job.api->fail(job.run, job.first_id + job.count, 1, "kind", "message");
    job.api->tokens(job.run, job.first_id, 1, 1);
    job.api->now_ns(job.run);
  }

  std::mutex mutex_;
  std::vector<Job> jobs_;
  std::vector<std::jthread> threads_;  // last: they end before what they use
};

SeriesOutcome run_once(Scenario scenario, Hammering& system, loadgen_run& handle, Run& run) {
  PlanSettings plan;
  plan.scenario = scenario;
  plan.min_query_count = scenario == Scenario::Offline ? 1 : kQueries;
  plan.samples_per_query = scenario == Scenario::Offline ? kQueries : 1;
  plan.period = 1us;
  plan.arrivals.kind = ArrivalKind::Poisson;
  plan.arrivals.target_qps = 100'000.0;
  TrafficPlan traffic{plan, {{0, 1, 2, 3}, 4}, nullptr};
  SeriesSettings series;
  series.min_queries = kQueries;
  series.concurrency = 4;
  const SutCalls waiting;
  const NativeCalls calls{system.sut(), handle, run.record(), false, waiting};
  return run.run_series(traffic, series, calls.calls());
}

RunSettings settings_of(Scenario scenario) {
  RunSettings settings;
  settings.scenario = scenario;
  settings.record.max_rows = 1 << 20;
  settings.record.tokens = true;
  settings.record.keep_outputs = KeepOutputs::All;
  return settings;
}

constexpr std::array kScenarios{Scenario::SingleStream, Scenario::Server, Scenario::Offline, Scenario::Concurrent};

}  // namespace

TEST_CASE("threads answer, answer again, and go on after the run was closed and destroyed: nothing is lost") {
  std::vector<std::unique_ptr<loadgen_run>> handles;  // outlive the threads
  Hammering system{3};
  for (int round = 0; round < 3; ++round) {
    for (const Scenario scenario : kScenarios) {
      Run run{settings_of(scenario)};
      loadgen_run& handle = *handles.emplace_back(std::make_unique<loadgen_run>(run));
      const SeriesOutcome outcome = run_once(scenario, system, handle, run);
      CHECK(outcome.end == SeriesEnd::Natural);
      CHECK(outcome.n_rows == kQueries);
      CHECK(outcome.n_outstanding == 0);
      if (round > 0) run.close();  // else it is destroyed in mid-call
      const std::uint64_t late = system.late;
      while (round > 0 && system.late == late) std::this_thread::yield();
      handle.close();
    }
  }
}

TEST_CASE("threads abort their own run while others answer, and the next run goes well") {
  std::vector<std::unique_ptr<loadgen_run>> handles;
  Hammering system{3};
  for (const Scenario scenario : {Scenario::SingleStream, Scenario::Server, Scenario::Concurrent}) {
    for (const std::uint64_t at : {std::uint64_t{20}, std::uint64_t{0}}) {
      Run run{settings_of(scenario)};
      loadgen_run& handle = *handles.emplace_back(std::make_unique<loadgen_run>(run));
      system.abort_in = at;
      const SeriesOutcome outcome = run_once(scenario, system, handle, run);
      if (at == 0) CHECK(outcome.end == SeriesEnd::Natural);
      // A run may have issued its last query before.
      if (handle.abort_reason()) CHECK(handle.abort_reason() == "by a thread");
      if (at > 0 && scenario == Scenario::SingleStream) {  // waits for each of its 300
        CHECK(handle.abort_reason());
        CHECK(outcome.end == SeriesEnd::Aborted);
      }
      system.abort_in = 0;
      run.close();
      handle.close();
    }
  }
}

TEST_CASE("closing ends although more threads than there are doors go on calling") {
  Run run{settings_of(Scenario::SingleStream)};
  run.record().publish(1);
  const auto handle = std::make_unique<loadgen_run>(run);
  std::atomic<int> calling{0};
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 20; ++thread)
    threads.emplace_back([&](const std::stop_token& token) {
      native_api().now_ns(handle.get());
      ++calling;
      while (!token.stop_requested()) native_api().now_ns(handle.get());
    });
  while (calling < 20) std::this_thread::yield();
  handle->close();
  CHECK(native_api().now_ns(handle.get()) == 0);
}

TEST_CASE("two runs at once share one system") {
  std::vector<std::unique_ptr<loadgen_run>> handles;
  Hammering system{2};
  std::array<std::optional<Run>, 2> runs;
  std::array<SeriesOutcome, 2> outcomes;
  std::uint16_t tag = 1;
  for (auto& run : runs) {
    RunSettings settings = settings_of(Scenario::Server);
    settings.record.tag = tag++;
    run.emplace(settings);
    handles.push_back(std::make_unique<loadgen_run>(*run));
  }
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < 2; ++i)
    threads.emplace_back([&, i] { outcomes[i] = run_once(Scenario::Server, system, *handles[i], *runs[i]); });
  threads.clear();
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(outcomes[i].n_outstanding == 0);
    CHECK(outcomes[i].end == SeriesEnd::Natural);
    handles[i]->close();
  }
}
