// SPDX-License-Identifier: Apache-2.0
// In which order positions of the loaded set are asked for. A position says where in load order a
// sample stands; sample_source.hpp turns positions into samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "random/mt19937.hpp"
#include "random/uniform.hpp"

namespace loadgen {

enum class SampleOrder : std::uint8_t {
  Random,       // each drawn anew; accuracy series: each once, in a random order
  Unique,       // each once, in a random order
  Same,         // one position again and again
  Permutation,  // the whole set in a random order, then in another one: all are issued equally
                // often
  Sequential,   // the whole set in the order of the data set, again and again; accuracy series: as
                // Random
};

/// Where positions come from. What an order means depends on the scenario, see sample_source.cpp.
enum class PositionOrder : std::uint8_t { Drawn, AccuracyOnce, UniqueOnce, Same, Permutations, Sequential };

struct PositionSettings {
  PositionOrder order = PositionOrder::Drawn;
  bool accuracy = false;              // an accuracy series: one more shuffle
  std::uint32_t same_index = 0;       // Same
  std::uint32_t set_size = 1;         // of the loaded set, with padding
  std::uint32_t end = 1;              // of the loaded set, without padding
  std::uint32_t stride = 1;           // MultiStream: samples per query
  std::uint64_t planned_queries = 0;  // so many queries the permutations cover
};

/// Positions from one engine, in LoadGen's order: a shuffle for accuracy series, one for the unique
/// order, as many permutations as cover the planned queries, then the draws. All shuffles count,
/// used or not; those not used are drawn without a swap, so that only the loaded set takes memory,
/// not the planned queries.
///
/// Permutations are cumulative: each shuffles the one before. When the planned queries are through,
/// they start again with the first one, from a copy of the engine.
///
/// Same and Sequential draw nothing. Sequential goes on by the samples of a query, and past the end
/// to the beginning.
///
/// Cost of construction: 0.5 to 2 ns a planned query (Drawn). Cost of next(): about 1 ns.
class PositionStream {
 public:
  PositionStream(const PositionSettings& settings, std::uint64_t sample_index_seed);

  /// The next position. Throws Error{SamplesRanOut} when each was asked for once and the order
  /// repeats none.
  std::uint32_t next() {
    if (order_ == PositionOrder::Drawn) [[likely]] {
      return below(engine_, end_);
    }
    return next_listed();
  }

  /// Behind the shuffles when the order is Drawn; for whoever shuffles on.
  [[nodiscard]] Mt19937& engine() noexcept { return engine_; }

 private:
  void shuffle_ahead(const PositionSettings& settings);
  void list_once(std::uint32_t stride);
  std::uint32_t next_listed();
  void next_permutation();

  PositionOrder order_;
  std::uint32_t end_;
  std::uint32_t same_index_;
  std::uint32_t stride_;
  Mt19937 engine_;
  std::size_t next_ = 0;               // in listed_; Sequential: the position
  std::vector<std::uint32_t> listed_;  // all positions once; or the present permutation
  std::uint64_t permutations_ = 0;     // until they start again, at least 1
  std::uint64_t permutation_ = 0;      // number of the present one, from 1
  Mt19937 before_first_permutation_;
};

}  // namespace loadgen
