// SPDX-License-Identifier: Apache-2.0
#include "record/tally.hpp"

#include <algorithm>
#include <utility>

namespace loadgen {

namespace {

// MLPerf's, truncated: per token after the first, of which there is at least one
Duration time_per_token(const RowView& row) noexcept {
  return (row.completed - row.first_token) / static_cast<std::int64_t>(row.n_tokens - 1);
}

}  // namespace

void DurationTally::add(Duration duration) noexcept {
  const std::int64_t value = std::max<std::int64_t>(duration.count(), 0);
  histogram.add(duration);
  sum_low += static_cast<std::uint64_t>(value);
  sum_high += std::cmp_less(sum_low, value) ? 1 : 0;
  min = std::min(min, value);
  above_limit += limit && duration > *limit ? 1 : 0;
}

Tally::Tally(Record& record, const TallySettings& settings) : record_{record}, settings_{settings} { restart(0); }

void Tally::restart(std::uint64_t next) {
  counts_ = {};
  latency_ = service_time_ = issue_delay_ = ttft_ = tpot_ = {};
  latency_.limit = settings_.latency_limit;
  ttft_.limit = settings_.ttft_limit;
  tpot_.limit = settings_.tpot_limit;
  harvested_.store(next, std::memory_order_relaxed);  // relaxed: see harvested()
}

void Tally::harvest(std::uint64_t end) noexcept {
  const std::uint64_t step = settings_.samples_per_query;
  std::uint64_t row = harvested();
  for (; row + step <= end; row += step) take_query(row);
  harvested_.store(row, std::memory_order_relaxed);  // relaxed: see harvested()
}

void Tally::take_query(std::uint64_t first) noexcept {
  Instant done{};
  bool ok = true;
  RowView view{};
  for (std::uint64_t row = first; row < first + settings_.samples_per_query; ++row) {
    view = record_.seal(row);
    if (view.status == kMissing) {
      ++counts_.missing;
      ok = false;
      continue;
    }
    done = std::max(done, view.completed);
    if (view.status != kOk) {
      ++counts_.failed;
      ok = false;
      continue;
    }
    ++counts_.completed;
    counts_.good += is_good(view) ? 1 : 0;
    if (record_.settings().tokens) take_tokens(view);
  }
  counts_.final_done = view.status == kMissing ? 0 : to_stamp(view.completed);
  counts_.latest_done = std::max(counts_.latest_done, to_stamp(done));
  issue_delay_.add(view.issued - view.scheduled);
  if (!ok) return;
  latency_.add(done - view.scheduled);
  service_time_.add(done - view.issued);
}

bool Tally::is_good(const RowView& row) const noexcept {
  const std::optional<Duration>& ttft_limit = settings_.ttft_limit;
  const std::optional<Duration>& tpot_limit = settings_.tpot_limit;
  if (!ttft_limit && !tpot_limit)
    return settings_.latency_limit && row.completed - row.scheduled <= *settings_.latency_limit;
  if (row.first_token <= Instant{} || row.n_tokens == 0) return false;
  if (ttft_limit && row.first_token - row.scheduled > *ttft_limit) return false;
  return !tpot_limit || row.n_tokens == 1 || time_per_token(row) <= *tpot_limit;
}

void Tally::take_tokens(const RowView& row) noexcept {
  counts_.n_tokens += row.n_tokens;
  counts_.one_token += row.n_tokens == 1 ? 1 : 0;
  const bool came = row.first_token > Instant{};
  if (!came || row.n_tokens == 0) ++counts_.without_tokens;
  if (!came) return;
  ttft_.add(row.first_token - row.scheduled);
  if (row.n_tokens > 1) tpot_.add(time_per_token(row));
}

}  // namespace loadgen
