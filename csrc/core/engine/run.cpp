// SPDX-License-Identifier: Apache-2.0
#include "engine/run.hpp"

#include <deque>
#include <exception>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "engine/issuer.hpp"

namespace loadgen {

namespace {

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
    : settings_{settings},
      record_{record_settings(settings), Clock{settings.virtual_clock}, settings_.ranges},
      batcher_{record_, settings_.ranges} {
  if (settings_.record.ring_rows > 0) tally_.emplace(record_, settings_.tally);
  if (settings_.virtual_clock != nullptr && !settings_.virtual_clock->acquire()) throw Error{ErrorCode::ClockInUse};
}

Run::~Run() {
  if (!closed()) release_clock();
}

void Run::release_clock() noexcept {
  if (settings_.virtual_clock != nullptr) settings_.virtual_clock->release();
}

void Run::poll_until(std::atomic<std::uint32_t>& done, std::uint32_t all, const SutCalls& calls) {
  // acquire: pairs with the threads' release
  for (std::uint32_t seen = 0; (seen = done.load(std::memory_order_acquire)) < all;) {
    futex_wait(done, seen, record_.clock().now() + kPollPeriod);
    if (calls.poll != nullptr && !calls.poll(calls.user)) abort();
  }
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
    done.store(1, std::memory_order_release);  // release: pairs with poll_until()
    futex_wake_all(done);
  }};
  poll_until(done, 1, calls);
  issuing.join();
  if (failure) std::rethrow_exception(failure);
}

SeriesOutcome Run::run_series(TrafficPlan& plan, const SeriesSettings& settings, const SutCalls& calls) {
  SeriesOutcome outcome;
  // Figures are about the performance series where there is one, and about all accuracy series else.
  if (!settings.accuracy) {
    if (record_.tokens() != nullptr) record_.tokens()->gaps().reset();
    own_delay_ = blocked_delay_ = {};
    issuing_ = {};
    series_counted_ = 0;
  }
  on_issuing_thread(calls, [&](const SutCalls& issuing_calls) {
    // An accuracy series has no times to keep.
    if (record_.parts() > 1 && !settings.accuracy) {
      outcome = issue_in_parts(plan, settings, issuing_calls);
      return;
    }
    Issuer issuer{*this, settings, issuing_calls};
    issuer.issue(plan);
    outcome = issuer.finish(plan);
  });
  return outcome;
}

SeriesOutcome Run::issue_in_parts(TrafficPlan& plan, const SeriesSettings& settings, const SutCalls& calls) {
  const std::uint32_t n = record_.parts();
  CommonStart start{n};
  SutCalls without_poll = calls;
  without_poll.poll = nullptr;
  Issuer first{*this, settings, calls, Part{0, n, &start}};
  std::deque<Issuer> others;
  std::vector<TrafficPlan> plans(n - 1, plan);  // each draws all of it, and issues its share
  std::vector<std::thread> threads;
  std::atomic<std::uint32_t> done{0};
  const auto issue = [this](Issuer& issuer, TrafficPlan& own) {
    issuer.issue(own);
    if (issuer.end() == SeriesEnd::SutRaised) abort();  // the others are not to go on for it
  };
  const auto join_all = [&threads] {
    for (std::thread& thread : threads) thread.join();
  };
  try {
    for (std::uint32_t part = 1; part < n; ++part) {
      Issuer& issuer = others.emplace_back(*this, settings, without_poll, Part{part, n, &start});
      threads.emplace_back([this, &issuer, &issue, &without_poll, &done, &own = plans[part - 1]] {
        name_thread("loadgen-issue");
        const ScopedThreadSetup setup{settings_.thread};
        if (without_poll.begin_thread != nullptr) without_poll.begin_thread(without_poll.user);
        issue(issuer, own);
        if (without_poll.end_thread != nullptr) without_poll.end_thread(without_poll.user);
        done.fetch_add(1, std::memory_order_release);  // release: pairs with poll_until()
        futex_wake_all(done);
      });
    }
  } catch (...) {  // no more threads: those that are there are not to wait for the rest
    abort();
    start.release(record_.clock());
    join_all();
    throw;
  }
  issue(first, plan);
  poll_until(done, n - 1, calls);  // they may have much to issue yet
  join_all();
  for (const Issuer& other : others) first.take_over(other);
  return first.finish(plan);
}

std::uint64_t Run::rows_issued() const noexcept {
  std::uint64_t rows = 0;
  for (std::uint32_t part = 0; part < record_.parts(); ++part) rows += record_.head(part) - record_.part_begin(part);
  return rows;
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
  if (tally_) tally_->restart(record_.head());
  if (record_.tokens() != nullptr) record_.tokens()->gaps().reset();
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
  record_.close(first_kept(answered_below_));
  settings_.ranges.close_files();  // results outlive their runs: kept, a sweep would use up the files of its process
  if (tally_) tally_->harvest(record_.head());
  if (first) release_clock();
}

}  // namespace loadgen
