// SPDX-License-Identifier: Apache-2.0
#include "engine/run.hpp"

#include <exception>
#include <thread>

#include "base/error.hpp"
#include "engine/issuer.hpp"

namespace loadgen {

namespace {

constexpr Duration kPollPeriod = std::chrono::milliseconds{50};

constexpr Duration kRoomStep = std::chrono::milliseconds{1};
constexpr Duration kRoomPatience = std::chrono::minutes{1};
constexpr std::uint64_t kMostBytesWaiting = std::uint64_t{256} << 20;

InstantColumns instants_of(Scenario scenario) noexcept {
  if (scenario == Scenario::Server) return InstantColumns::ScheduledAndIssued;
  return scenario == Scenario::Offline ? InstantColumns::None : InstantColumns::IssuedOnly;
}

RecordSettings record_settings(const RunSettings& settings) noexcept {
  RecordSettings record = settings.record;
  record.instants = instants_of(settings.scenario);
  return record;
}

}  // namespace

Run::Run(const RunSettings& settings)
    : settings_{settings}, record_{record_settings(settings), Clock{settings.virtual_clock}}, batcher_{record_} {
  if (settings_.virtual_clock != nullptr && !settings_.virtual_clock->acquire()) throw Error{ErrorCode::ClockInUse};
}

Run::~Run() {
  if (!closed()) release_clock();
}

void Run::release_clock() noexcept {
  if (settings_.virtual_clock != nullptr) settings_.virtual_clock->release();
}

template <typename Work>
void Run::on_issuing_thread(const SutCalls& calls, Work work) {
  const auto issue = [&](const SutCalls& issuing_calls) {
    const ScopedThreadSetup setup{settings_.thread};
    priority_refused_ = !setup.priority_granted();
    cpu_refused_ = !setup.cpu_granted();
    work(issuing_calls);
  };
  if (!calls.own_thread) return issue(calls);
  if (settings_.virtual_clock != nullptr) throw Error{ErrorCode::VirtualClockPull};

  // The issuing thread never polls: that may need the interpreter's lock. This one does, and waits.
  std::atomic<std::uint32_t> done{0};
  std::exception_ptr failure;
  SutCalls without_poll = calls;
  without_poll.poll = nullptr;
  std::thread issuing{[&] {
    name_thread("loadgen-issue");
    try {
      issue(without_poll);
    } catch (...) {
      failure = std::current_exception();
    }
    done.store(1, std::memory_order_release);  // release: pairs with the load below
    futex_wake_all(done);
  }};
  while (done.load(std::memory_order_acquire) == 0) {  // acquire: pairs with the store above
    futex_wait(done, 0, record_.clock().now() + kPollPeriod);
    if (calls.poll != nullptr && !calls.poll(calls.user)) abort();
  }
  issuing.join();
  if (failure) std::rethrow_exception(failure);
}

SeriesOutcome Run::run_series(TrafficPlan& plan, const SeriesSettings& settings, const SutCalls& calls) {
  SeriesOutcome outcome;
  on_issuing_thread(calls, [&](const SutCalls& issuing_calls) {
    Issuer issuer{*this, settings, issuing_calls};
    outcome = issuer.issue(plan);
  });
  return outcome;
}

void Run::warm_up(std::span<const std::uint32_t> samples, std::uint64_t n_queries, std::uint64_t samples_per_query,
                  bool pull, const SutCalls& calls) {
  SeriesSettings settings;
  settings.pull = pull;
  settings.last = false;
  on_issuing_thread(calls, [&](const SutCalls& issuing_calls) {
    Issuer issuer{*this, settings, issuing_calls};
    issuer.warm_up(samples, n_queries, samples_per_query);
  });
  record_.violations().reset();
  record_.failures().reset();
}

void Run::abort() noexcept {
  aborted_.store(true, std::memory_order_release);  // release: pairs with aborted()
  record_.signal().ring();
  batcher_.finish();
}

bool Run::has_room(std::size_t bytes) noexcept {
  const Payload* kept = record_.payload();
  if (kept == nullptr || !kept->recycles()) return true;
  return kept->waiting(outputs_taken()) <= kMostBytesWaiting && kept->worth_trying(bytes);
}

void Run::wait_for_room(std::size_t bytes) noexcept {
  std::uint64_t taken = outputs_taken();
  Duration waited{0};
  while (!has_room(bytes) && waited < kRoomPatience && !aborted() && !closed()) {
    waiting_for_room_.fetch_add(1, std::memory_order_relaxed);  // relaxed, both: a hint
    std::this_thread::sleep_for(kRoomStep);
    waiting_for_room_.fetch_sub(1, std::memory_order_relaxed);
    waited = taken == outputs_taken() ? waited + kRoomStep : Duration{0};
    taken = outputs_taken();
  }
}

void Run::close() noexcept {
  const bool first = !closed_.exchange(true, std::memory_order_release);  // release: pairs with closed()
  batcher_.finish();
  record_.close(answered_below_);
  if (first) release_clock();
}

}  // namespace loadgen
