// SPDX-License-Identifier: Apache-2.0
// One series: what it is asked to do, and what it did.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "record/record.hpp"

namespace loadgen {

/// Stop rules and limits of one series. "None" is an empty optional.
struct SeriesSettings {
  bool accuracy = false;  // every query of the plan is issued; no stop rule applies
  bool pull = false;
  bool last = true;     // pull: no series follows, takers leave when everything is taken
  bool bounded = true;  // the plan has an end
  std::uint64_t min_queries = 0;
  std::optional<std::uint64_t> max_queries;
  Duration target_duration{0};
  std::optional<Duration> max_duration;
  std::uint64_t concurrency = 1;                 // Concurrent
  std::optional<std::uint64_t> max_outstanding;  // Server
  bool coalesce = false;                         // Server
};

/// Of several parts the series ends as the one whose end comes last here.
enum class SeriesEnd : std::uint8_t {
  Natural,  // everything was issued, or query count and duration were met
  RanOut,   // the plan ended before they were
  Stopped,  // whoever watches the run has seen enough: Run::stop_issue()
  MaxQueries,
  MaxDuration,
  TooManyOutstanding,
  Aborted,
  SutRaised,
  DrainTimeout,
  RecordFull,
};

/// Name of an end in results: lower case with underscores.
[[nodiscard]] const char* series_end_name(SeriesEnd end) noexcept;

/// Durations count from `start`.
struct SeriesOutcome {
  std::uint64_t first_row = 0;  // in the order of queries, over all parts of the record
  std::uint64_t n_rows = 0;     // samples issued
  std::uint64_t n_queries = 0;  // queries issued
  std::optional<std::uint64_t> planned_queries;
  std::optional<Duration> planned_duration;
  std::uint64_t first_query_id = 0;
  std::uint64_t first_sample_id = 0;
  Instant start{};
  Duration last_scheduled{0};  // of the last issued query
  Duration last_issued{0};
  Duration end_time{0};
  std::uint64_t n_outstanding = 0;
  std::vector<RowRange> parts;  // the rows that each issuing thread wrote, in turn one query of each
  SeriesEnd end = SeriesEnd::Natural;
  std::exception_ptr failure;  // what an event of a virtual clock threw; the rows until then are good
};

}  // namespace loadgen
