// SPDX-License-Identifier: Apache-2.0
#include "plan/loadable_sets.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>

#include "base/error.hpp"
#include "random/mt19937.hpp"
#include "random/shuffle.hpp"

namespace loadgen {
namespace {

// The bounded draw works on 32 bits, and so do the columns that hold sample indices.
constexpr std::uint64_t kMostSamples = std::numeric_limits<std::uint32_t>::max();

}  // namespace

std::vector<LoadedSet> loadable_sets(std::uint64_t count, std::uint64_t total, std::uint64_t performance_sample_count,
                                     std::uint64_t padding, std::uint64_t qsl_seed) {
  const std::uint64_t n = std::min(count, total);
  if (n == 0 || performance_sample_count == 0) throw Error{ErrorCode::InvalidPlan};
  if (n > kMostSamples || padding > kMostSamples - n) throw Error{ErrorCode::InvalidPlan};

  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0U);
  Mt19937 engine{qsl_seed};
  shuffle(engine, std::span{order});

  std::vector<LoadedSet> sets;
  for (std::uint64_t first = 0; first < n; first += std::min(performance_sample_count, n - first)) {
    const std::size_t end = std::min(performance_sample_count, n - first);
    LoadedSet set{.samples = {}, .end = end};
    set.samples.reserve(end + padding);
    const auto from = order.begin() + static_cast<std::ptrdiff_t>(first);
    set.samples.assign(from, from + static_cast<std::ptrdiff_t>(end));
    for (std::uint64_t i = 0; i < padding; ++i) set.samples.push_back(set.samples[i]);
    sets.push_back(std::move(set));
  }
  return sets;
}

}  // namespace loadgen
