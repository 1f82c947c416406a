// SPDX-License-Identifier: Apache-2.0
#include "record/live_figures.hpp"

#include <algorithm>

namespace loadgen {

LiveFigures::LiveFigures(const Record& record, std::uint64_t samples_per_query, std::optional<Instant> due)
    : record_{record}, size_{samples_per_query}, ring_{record.settings().ring_rows}, due_{due} {
  for (std::uint32_t part = 0; part < record.parts(); ++part)
    parts_.push_back({record.head(part), record.head(part), {}});
}

void LiveFigures::look(std::uint64_t answered) {
  for (std::uint32_t part = 0; part < record_.parts(); ++part) look_at(parts_[part], part, answered);
}

void LiveFigures::look_at(Part& part, std::uint32_t number, std::uint64_t answered) {
  for (auto left = std::min<std::uint64_t>(part.overtaken.size(), kQueriesALook); left > 0; --left) {
    const Query query = part.overtaken.front();
    part.overtaken.pop_front();
    if (!take(query, number)) part.overtaken.push_back(query);
  }
  const std::uint64_t head = record_.head(number);
  const std::uint64_t queries = std::min(answered, head - part.begin) / size_;
  std::uint64_t first = (part.next - part.begin) / size_;
  if (written_over(part.next, number)) first = (head - ring_ / 2 - part.begin + size_ - 1) / size_;
  if (first >= queries) return;
  const std::uint64_t each = (queries - first + kQueriesALook - 1) / kQueriesALook;
  for (std::uint64_t query = first; query < queries; query += each) {
    // Any of its neighbours, since what comes in batches would be in step with every eighth.
    const std::uint64_t weight = std::min(each, queries - query);
    const Query one{part.begin + (query + pick_() % weight) * size_, weight};
    if (!take(one, number)) part.overtaken.push_back(one);
  }
  exact_ = exact_ && each == 1;
  part.next = part.begin + queries * size_;
}

bool LiveFigures::take(Query query, std::uint32_t part) noexcept {
  bool ok = true;
  Instant end{};
  for (std::uint64_t row = query.row; row < query.row + size_; ++row) {
    if (!record_.is_done(row)) return written_over(row, part);
    // The status is written before the answer is published.
    ok = ok && record_.status_column()[record_.slot(row)] == kOk;
    end = std::max(end, record_.completed_at(row));
  }
  const std::uint64_t at = record_.slot(query.row);
  const bool timed = record_.settings().instants != InstantColumns::None;
  const Instant due = due_ ? *due_ : from_stamp(record_.scheduled_column()[at]);
  const Duration delay = timed ? from_stamp(record_.issued_column()[at]) - due : Duration{0};
  if (written_over(query.row, part)) return true;
  if (!ok) {
    failed_ += query.weight;
    return true;
  }
  latency_.add(end - due, query.weight);
  if (timed) issue_delay_.add(delay, query.weight);
  return true;
}

}  // namespace loadgen
