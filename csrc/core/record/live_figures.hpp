// SPDX-License-Identifier: Apache-2.0
// Latencies and issue delays of a series while its rows are written: what a view of the run shows.
//
// Not for: anything that is kept (order_statistics.hpp, tally.hpp).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <vector>

#include "record/histogram.hpp"
#include "record/record.hpp"

namespace loadgen {

/// Each look takes queries that are new, as many as were answered, in their order: those of them that have no answer
/// were overtaken by others, and are looked at again. Of more than kQueriesALook new ones one of each two, three, ...
/// stands for its neighbours, so a look takes a bounded time at any rate.
///
/// In a ring a row may be written over while it is read: what is in it counts only if it is still among the latest half
/// of the places then.
///
/// Thread safety: one thread looks and reads; issuing and answering threads do nothing for it.
class LiveFigures {
 public:
  static constexpr std::uint64_t kQueriesALook = 8'192;

  /// The series begins behind the rows that are there. `due`: when all are; nothing: each row knows.
  LiveFigures(const Record& record, std::uint64_t samples_per_query, std::optional<Instant> due);

  /// `answered`: so many samples of the series have an answer.
  void look(std::uint64_t answered);

  /// Of queries that were answered, all of whose samples are ok.
  [[nodiscard]] const DurationHistogram& latency() const noexcept { return latency_; }
  [[nodiscard]] const DurationHistogram& issue_delay() const noexcept { return issue_delay_; }
  /// Queries of which a sample failed.
  [[nodiscard]] std::uint64_t failed() const noexcept { return failed_; }
  /// Whether every query was looked at.
  [[nodiscard]] bool exact() const noexcept { return exact_; }

 private:
  struct Query {
    std::uint64_t row;
    std::uint64_t weight;  // for so many it stands
  };
  struct Part {
    std::uint64_t begin;
    std::uint64_t next;
    std::deque<Query> overtaken;
  };
  void look_at(Part& part, std::uint32_t number, std::uint64_t answered);
  /// Counts a query; false: it has no answer yet.
  bool take(Query query, std::uint32_t part) noexcept;
  [[nodiscard]] bool written_over(std::uint64_t row, std::uint32_t part) const noexcept {
    return ring_ != 0 && row + ring_ / 2 < record_.head(part);
  }

  const Record& record_;
  std::uint64_t size_;
  std::uint64_t ring_;
  std::optional<Instant> due_;
  std::vector<Part> parts_;
  DurationHistogram latency_;
  DurationHistogram issue_delay_;
  std::uint64_t failed_ = 0;
  bool exact_ = true;
  std::minstd_rand pick_;
};

}  // namespace loadgen
