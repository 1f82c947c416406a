// SPDX-License-Identifier: Apache-2.0
// One run: its record, its batcher, and its series one after the other. All state of a run lives here.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>

#include "base/clock.hpp"
#include "base/reserved_range.hpp"
#include "base/thread.hpp"
#include "engine/batcher.hpp"
#include "engine/issuing.hpp"
#include "engine/series.hpp"
#include "engine/sut_calls.hpp"
#include "engine/waiter.hpp"
#include "plan/traffic.hpp"
#include "record/histogram.hpp"
#include "record/record.hpp"
#include "record/tally.hpp"

namespace loadgen {

struct RunSettings {
  RecordSettings record;  // `instants` follows from the scenario
  Scenario scenario = Scenario::SingleStream;
  WaiterSettings waiting;
  ThreadRequest thread;
  VirtualClock* virtual_clock = nullptr;  // must outlive the run
  TallySettings tally;                    // where the record is a ring
  Ranges ranges;                          // where its memory comes from; another process's: it takes and answers only
};

/// Thread safety: run_series(), warm_up() and close() on one thread at a time, which issues unless the calls ask for an
///   own thread; then the caller waits and polls. abort() and what record() and batcher() allow: any thread.
class Run {
 public:
  /// Throws Error{ClockInUse} when the virtual clock drives another run.
  explicit Run(const RunSettings& settings);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// Issues the plan and waits for the answers. Throws what the plan throws.
  SeriesOutcome run_series(TrafficPlan& plan, const SeriesSettings& settings, const SutCalls& calls);

  /// Issues `n_queries` queries one at a time, of samples in load order, before the first series. Returns early when
  /// aborted or when the SUT raised. Throws Error{WarmUpUnanswered} after silence for the drain time-out.
  void warm_up(std::span<const std::uint32_t> samples, std::uint64_t n_queries, std::uint64_t samples_per_query,
               bool pull, const SutCalls& calls);

  /// Rows of all parts, those of the warm-up too.
  [[nodiscard]] std::uint64_t rows_issued() const noexcept;

  /// Stops the issue at once: no more queries, no waiting for answers.
  void abort() noexcept;
  [[nodiscard]] bool aborted() const noexcept {
    return aborted_.load(std::memory_order_acquire);  // acquire: pairs with abort()
  }

  /// Ends the performance series with the query that is issued next; what is outstanding is waited for. Any thread, and
  /// events of a virtual clock.
  void stop_issue() noexcept { issue_stopped_.store(true, std::memory_order_relaxed); }  // relaxed: a flag
  [[nodiscard]] bool issue_stopped() const noexcept {
    return issue_stopped_.load(std::memory_order_relaxed);  // relaxed: see above
  }

  /// Recycled outputs: waits while answers come faster than they are taken, until there is room for `bytes` more; or
  /// none was taken for a minute, or the run ends. Any thread. Call before an answer that brings bytes.
  void wait_for_room(std::size_t bytes) noexcept;
  [[nodiscard]] bool has_room(std::size_t bytes) noexcept;
  /// Whether an answer waits for room now.
  [[nodiscard]] bool short_of_room() const noexcept {
    return waiting_for_room_.load(std::memory_order_relaxed) > 0;  // relaxed: a hint
  }
  /// Where in the payload its reader goes on.
  [[nodiscard]] std::uint64_t outputs_taken() const noexcept {
    return outputs_taken_.load(std::memory_order_relaxed);  // relaxed: Payload orders what it tells of
  }
  void set_outputs_taken(std::uint64_t position) noexcept {
    outputs_taken_.store(position, std::memory_order_relaxed);  // relaxed: see above
  }

  /// Ends the run for good: open rows become missing, takers get nothing more.
  void close() noexcept;
  [[nodiscard]] bool closed() const noexcept {
    return closed_.load(std::memory_order_acquire);  // acquire: pairs with close()
  }

  [[nodiscard]] Record& record() noexcept { return record_; }
  [[nodiscard]] Batcher& batcher() noexcept { return batcher_; }
  /// Of the samples of a ring; null where rows are kept. Complete when the run is closed.
  [[nodiscard]] const Tally* tally() const noexcept { return tally_ ? &*tally_ : nullptr; }
  /// The first row from `row` on whose place is still its own.
  [[nodiscard]] std::uint64_t first_kept(std::uint64_t row) const noexcept {
    return tally_ ? std::max(row, tally_->harvested()) : row;
  }
  [[nodiscard]] const RunSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] std::uint64_t warm_up_rows() const noexcept {
    return warm_up_rows_.load(std::memory_order_relaxed);  // relaxed: a figure; series start after it is final
  }
  // How the generator did, in the series that figures are about: the performance series where there is one, and all
  // accuracy series else.
  /// Server and Offline, of each query: how much later it was issued than by a generator that is never late, before the
  /// same SUT.
  [[nodiscard]] const DurationHistogram& own_delay() const noexcept { return own_delay_; }
  /// Server, of each query: the rest of its issue delay. The SUT's issue() had not returned, though issued in time.
  [[nodiscard]] const DurationHistogram& blocked_delay() const noexcept { return blocked_delay_; }
  [[nodiscard]] const Issuing& issuing() const noexcept { return issuing_; }
  [[nodiscard]] bool priority_refused() const noexcept { return priority_refused_; }
  [[nodiscard]] bool cpu_refused() const noexcept { return cpu_refused_; }

 private:
  friend class Issuer;

  void release_clock() noexcept;
  SeriesOutcome issue_in_parts(TrafficPlan& plan, const SeriesSettings& settings, const SutCalls& calls);
  /// Waits until `all` threads have counted themselves as done, and polls for them.
  void poll_until(std::atomic<std::uint32_t>& done, std::uint32_t all, const SutCalls& calls);
  template <typename Work>
  void on_issuing_thread(const SutCalls& calls, Work work);

  RunSettings settings_;  // its ranges are those of this run
  Record record_;
  Batcher batcher_;
  std::optional<Tally> tally_;
  std::atomic<bool> aborted_{false};
  std::atomic<bool> issue_stopped_{false};
  DurationHistogram own_delay_;
  DurationHistogram blocked_delay_;
  Issuing issuing_;
  std::uint32_t series_counted_ = 0;  // in these three
  std::atomic<std::uint64_t> warm_up_rows_{0};
  std::atomic<std::uint64_t> outputs_taken_{0};
  std::atomic<std::uint32_t> waiting_for_room_{0};
  std::uint64_t next_query_id_ = 0;
  std::uint64_t next_sample_id_ = 0;
  std::uint64_t answered_below_ = 0;  // rows below this are known to be answered
  bool priority_refused_ = false;
  bool cpu_refused_ = false;
  std::atomic<bool> closed_{false};
};

}  // namespace loadgen
