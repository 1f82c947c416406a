// SPDX-License-Identifier: Apache-2.0
// Which samples the queries of a series hold: positions of the loaded set (sample_order.hpp) made
// into samples, by the rules of each scenario.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "plan/loadable_sets.hpp"
#include "plan/sample_order.hpp"
#include "plan/scenario.hpp"

namespace loadgen {

struct SampleSourceSettings {
  Scenario scenario = Scenario::SingleStream;
  bool accuracy = false;
  SampleOrder order = SampleOrder::Random;
  std::uint64_t same_index = 0;
  std::uint64_t samples_per_query = 1;  // with the padding for equal issue
  std::uint64_t planned_queries = 0;    // without the padding for equal issue
  std::uint64_t sample_index_seed = 0;
};

/// The samples of one series, in issue order.
///
/// SingleStream, Server, Concurrent: the sample at each position. MultiStream: from each position
/// on, so many neighbours in load order. Offline: whole copies of the loaded set and the beginning
/// of one more, in load order; the whole ones shuffled when the order is Permutation. Same: always
/// that sample (MultiStream: and its neighbours). Sequential: the same of the set as if it had been
/// loaded in the order of the data set, MultiStream's queries one behind the other.
class SampleSource {
 public:
  /// Throws Error{InvalidPlan} when the set does not fit the scenario, Error{IndexOutOfRange} when
  /// the sample to repeat lies outside the set.
  SampleSource(const SampleSourceSettings& settings, LoadedSet set);

  /// The next sample. REQUIRES: one-sample queries.
  std::uint32_t one() { return samples_[positions_.next()]; }

  /// The next samples, all of one query.
  void take(std::span<std::uint32_t> indices);

  /// Passes over samples of one query.
  void skip(std::uint64_t count);

 private:
  [[nodiscard]] static PositionSettings position_settings(const SampleSourceSettings& settings, const LoadedSet& set);
  void next_piece();
  void next_copy();

  std::vector<std::uint32_t> samples_;
  PositionStream positions_;
  Scenario scenario_;
  bool one_sample_;
  bool repeats_one_;  // Offline with Same
  bool shuffles_;     // Offline with Permutation
  std::size_t same_index_;
  std::size_t samples_per_query_;
  std::uint64_t copies_left_;             // Offline: whole ones not begun
  std::vector<std::uint32_t> copy_;       // Offline: the present one, when shuffled
  std::span<const std::uint32_t> piece_;  // what follows in the samples or the copy
};

}  // namespace loadgen
