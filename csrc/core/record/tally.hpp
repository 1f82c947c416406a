// SPDX-License-Identifier: Apache-2.0
// What is kept of samples whose rows are used again: counts, sums and histograms. Constant memory.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "record/histogram.hpp"
#include "record/record.hpp"

namespace loadgen {

/// One kind of duration.
struct DurationTally {
  FineHistogram histogram;
  std::uint64_t sum_low = 0;  // of 128 bits: ns of billions of samples
  std::uint64_t sum_high = 0;
  std::int64_t min = std::numeric_limits<std::int64_t>::max();
  std::optional<Duration> limit;
  std::uint64_t above_limit = 0;  // exact, though the histogram is not

  void add(Duration duration) noexcept;
};

struct TallySettings {
  std::uint64_t samples_per_query = 1;
  std::optional<Duration> latency_limit;
  std::optional<Duration> ttft_limit;
  std::optional<Duration> tpot_limit;
};

/// Takes rows in their order, each when nothing more can be written into it.
///
/// Latency, service time and issue delay are of queries: a query ends with the last of its samples, and counts when all
/// of them are ok.
///
/// Thread safety: the issuing thread, and after the run whoever closed it; harvested() on any.
/// Cost of a sample: 15 ns.
class Tally {
 public:
  Tally(Record& record, const TallySettings& settings);

  /// Takes all rows below `end`, which are whole queries. One that has no answer becomes missing, for good.
  void harvest(std::uint64_t end) noexcept;
  /// Forgets what was counted, and goes on with row `next`.
  void restart(std::uint64_t next);
  /// Rows below this are taken.
  [[nodiscard]] std::uint64_t harvested() const noexcept {
    return harvested_.load(std::memory_order_relaxed);  // relaxed: a figure, and read by its own writer
  }

  struct Counts {
    std::uint64_t completed = 0;
    std::uint64_t failed = 0;
    std::uint64_t missing = 0;
    std::uint64_t n_tokens = 0;
    std::uint64_t without_tokens = 0;  // completed, without a first token or with a count of 0
    std::uint64_t one_token = 0;       // completed, with exactly one
    std::uint64_t good = 0;            // completed within all limits, where there are any; see is_good()
    std::int64_t latest_done = 0;      // stamps; 0 where none came
    std::int64_t final_done = 0;       // of the last row
  };
  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }
  [[nodiscard]] const DurationTally& latency() const noexcept { return latency_; }
  [[nodiscard]] const DurationTally& service_time() const noexcept { return service_time_; }
  [[nodiscard]] const DurationTally& issue_delay() const noexcept { return issue_delay_; }
  [[nodiscard]] const DurationTally& ttft() const noexcept { return ttft_; }
  [[nodiscard]] const DurationTally& tpot() const noexcept { return tpot_; }

 private:
  void take_query(std::uint64_t first) noexcept;
  void take_tokens(const RowView& row) noexcept;
  /// Whether a completed sample is within all limits: those on tokens where there is one, else that on its latency. A
  /// limit on tokens is not kept by a sample without a first token or with a count of 0.
  [[nodiscard]] bool is_good(const RowView& row) const noexcept;

  Record& record_;
  TallySettings settings_;
  std::atomic<std::uint64_t> harvested_{0};
  Counts counts_;
  DurationTally latency_;
  DurationTally service_time_;
  DurationTally issue_delay_;
  DurationTally ttft_;
  DurationTally tpot_;
};

}  // namespace loadgen
