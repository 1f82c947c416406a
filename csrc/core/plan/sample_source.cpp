// SPDX-License-Identifier: Apache-2.0
#include "plan/sample_source.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "random/shuffle.hpp"

namespace loadgen {
namespace {

bool takes_one_sample(Scenario scenario) noexcept {
  return scenario != Scenario::MultiStream && scenario != Scenario::Offline;
}

/// Where the positions come from; Offline has none, but shuffles on with the engine when the order
/// is Permutation.
PositionOrder position_order(const SampleSourceSettings& settings) noexcept {
  const bool offline = settings.scenario == Scenario::Offline;
  switch (settings.order) {
    case SampleOrder::Same:
      return PositionOrder::Same;
    case SampleOrder::Unique:
      return offline ? PositionOrder::Same : PositionOrder::UniqueOnce;
    case SampleOrder::Permutation:
      if (offline) return PositionOrder::Drawn;
      if (takes_one_sample(settings.scenario)) return PositionOrder::Permutations;
      break;
    case SampleOrder::Random:
      if (offline) return PositionOrder::Same;
      break;
    case SampleOrder::Sequential:
      if (offline) return PositionOrder::Same;
      if (!settings.accuracy) return PositionOrder::Sequential;
      break;
  }
  return settings.accuracy ? PositionOrder::AccuracyOnce : PositionOrder::Drawn;
}

/// As if the set had been loaded in the order of the data set.
void sort_padded(std::vector<std::uint32_t>& samples, std::size_t end) {
  std::sort(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(end));
  for (std::size_t i = end; i < samples.size(); ++i) samples[i] = samples[i - end];
}

void check(const SampleSourceSettings& settings, const LoadedSet& set) {
  const bool multi_stream = settings.scenario == Scenario::MultiStream;
  const std::uint64_t spq = settings.samples_per_query;
  const std::uint64_t padding = multi_stream ? spq - 1 : 0;
  if (spq == 0 || (takes_one_sample(settings.scenario) && spq != 1)) throw Error{ErrorCode::InvalidPlan};
  if (set.end == 0 || set.samples.size() > std::numeric_limits<std::uint32_t>::max() || set.samples.size() < set.end ||
      set.samples.size() - set.end != padding) {
    throw Error{ErrorCode::InvalidPlan};
  }
  if (settings.order == SampleOrder::Same && settings.same_index >= set.end) throw Error{ErrorCode::IndexOutOfRange};
}

}  // namespace

PositionSettings SampleSource::position_settings(const SampleSourceSettings& settings, const LoadedSet& set) {
  check(settings, set);
  const bool multi_stream = settings.scenario == Scenario::MultiStream;
  return {.order = position_order(settings),
          .accuracy = settings.accuracy,
          .same_index = static_cast<std::uint32_t>(settings.same_index),
          .set_size = static_cast<std::uint32_t>(set.samples.size()),
          .end = static_cast<std::uint32_t>(set.end),
          .stride = multi_stream ? static_cast<std::uint32_t>(settings.samples_per_query) : 1U,
          .planned_queries = settings.planned_queries};
}

SampleSource::SampleSource(const SampleSourceSettings& settings, LoadedSet set)
    : positions_{position_settings(settings, set), settings.sample_index_seed},
      scenario_{settings.scenario},
      one_sample_{takes_one_sample(settings.scenario)},
      repeats_one_{scenario_ == Scenario::Offline && settings.order == SampleOrder::Same},
      shuffles_{scenario_ == Scenario::Offline && settings.order == SampleOrder::Permutation},
      same_index_{settings.same_index},
      samples_per_query_{settings.samples_per_query},
      copies_left_{settings.samples_per_query / set.samples.size()} {
  samples_ = std::move(set.samples);
  if (settings.order == SampleOrder::Sequential && !settings.accuracy) sort_padded(samples_, set.end);
}

void SampleSource::take(std::span<std::uint32_t> indices) {
  if (one_sample_) {
    for (std::uint32_t& index : indices) index = one();
    return;
  }
  if (repeats_one_) {
    std::ranges::fill(indices, samples_[same_index_]);
    return;
  }
  while (!indices.empty()) {
    if (piece_.empty()) next_piece();
    const std::size_t n = std::min(indices.size(), piece_.size());
    std::copy_n(piece_.begin(), n, indices.begin());
    indices = indices.subspan(n);
    piece_ = piece_.subspan(n);
  }
}

void SampleSource::skip(std::uint64_t count) {
  if (repeats_one_) return;
  for (; one_sample_ && count != 0; --count) one();
  while (count != 0) {
    if (piece_.empty()) next_piece();
    const std::size_t n = std::min<std::uint64_t>(count, piece_.size());
    piece_ = piece_.subspan(n);
    count -= n;
  }
}

void SampleSource::next_piece() {
  if (scenario_ == Scenario::Offline) {
    next_copy();
  } else {
    piece_ = std::span{samples_}.subspan(positions_.next(), samples_per_query_);
  }
}

void SampleSource::next_copy() {
  piece_ = samples_;
  if (copies_left_ == 0) return;
  --copies_left_;
  if (!shuffles_) return;
  copy_ = samples_;
  shuffle(positions_.engine(), std::span{copy_});
  piece_ = copy_;
}

}  // namespace loadgen
