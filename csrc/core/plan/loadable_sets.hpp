// SPDX-License-Identifier: Apache-2.0
// Which samples of the data set are loaded together. Every series issues samples of one loaded set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace loadgen {

struct LoadedSet {
  std::vector<std::uint32_t> samples{};  // in load order; MultiStream: padded by samples_per_query - 1 repeats
  std::size_t end = 0;                   // how many there are without the padding
};

/// Shuffles the samples 0 .. min(count, total) - 1 with a fresh engine and cuts them into sets of
/// at most `performance_sample_count`. To each set the first `padding` entries of the growing set
/// are appended, so that a MultiStream query may start at any of the unpadded ones.
///
/// Performance series use the first set of `count` = performance sample count; accuracy series use
/// every set of `count` = accuracy sample count. Throws Error{InvalidPlan} when there would be no
/// samples or a sample would not fit 32 bits. Cost: O(count), 5 ns a sample.
[[nodiscard]] std::vector<LoadedSet> loadable_sets(std::uint64_t count, std::uint64_t total,
                                                   std::uint64_t performance_sample_count, std::uint64_t padding,
                                                   std::uint64_t qsl_seed);

}  // namespace loadgen
