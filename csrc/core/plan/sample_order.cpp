// SPDX-License-Identifier: Apache-2.0
#include "plan/sample_order.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "random/shuffle.hpp"

namespace loadgen {
namespace {

constexpr std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) noexcept { return a / b + (a % b != 0 ? 1 : 0); }

}  // namespace

PositionStream::PositionStream(const PositionSettings& settings, std::uint64_t sample_index_seed)
    : order_{settings.order},
      end_{settings.end},
      same_index_{settings.same_index},
      stride_{settings.stride},
      engine_{sample_index_seed},
      permutations_{divide_up(settings.planned_queries, settings.set_size)} {
  if (order_ != PositionOrder::Same && order_ != PositionOrder::Sequential) shuffle_ahead(settings);
}

void PositionStream::shuffle_ahead(const PositionSettings& settings) {
  if (order_ == PositionOrder::AccuracyOnce) return list_once(settings.stride);
  const std::size_t starts = divide_up(end_, settings.stride);
  if (settings.accuracy) skip_shuffle(engine_, starts);

  if (order_ == PositionOrder::UniqueOnce) return list_once(settings.stride);
  skip_shuffle(engine_, starts);

  if (order_ == PositionOrder::Drawn) {
    for (std::uint64_t i = 0; i < permutations_; ++i) skip_shuffle(engine_, settings.set_size);
    return;
  }
  permutations_ = std::max<std::uint64_t>(permutations_, 1);
  before_first_permutation_ = engine_;
  listed_.resize(settings.set_size);
  next_ = listed_.size();
}

void PositionStream::list_once(std::uint32_t stride) {
  listed_.reserve(divide_up(end_, stride));
  for (std::uint64_t start = 0; start < end_; start += stride) listed_.push_back(static_cast<std::uint32_t>(start));
  shuffle(engine_, std::span{listed_});
}

std::uint32_t PositionStream::next_listed() {
  if (order_ == PositionOrder::Same) return same_index_;
  if (order_ == PositionOrder::Sequential)
    return static_cast<std::uint32_t>(std::exchange(next_, (next_ + stride_) % end_));
  if (next_ == listed_.size()) {
    if (order_ != PositionOrder::Permutations) throw Error{ErrorCode::SamplesRanOut};
    next_permutation();
  }
  return listed_[next_++];
}

void PositionStream::next_permutation() {
  next_ = 0;
  if (permutation_ == permutations_) {
    if (permutations_ == 1) return;
    engine_ = before_first_permutation_;
    permutation_ = 0;
  }
  if (permutation_ == 0) std::iota(listed_.begin(), listed_.end(), 0U);
  shuffle(engine_, std::span{listed_});
  ++permutation_;
}

}  // namespace loadgen
