// SPDX-License-Identifier: Apache-2.0
#include "plan/conversations.hpp"

#include "base/error.hpp"
#include "random/gaps.hpp"

namespace loadgen {
namespace {

// With the schedule's own seed each think time would be a multiple of the gap with its number.
constexpr std::uint64_t kOwnSeed = 0x7468696e;

}  // namespace

ConversationStream::ConversationStream(const ConversationSettings& settings, std::uint64_t samples,
                                       std::uint64_t schedule_seed)
    : turns_{settings.turns},
      kind_{settings.kind},
      think_time_{settings.think_time},
      engine_{schedule_seed ^ kOwnSeed} {
  if (turns_.empty()) return;
  if (think_time_ < Duration::zero() || think_time_ > kEndOfTime) throw Error{ErrorCode::InvalidPlan};
  std::uint64_t first = 0;
  for (const std::uint32_t turns : turns_) {
    first_sample_.push_back(static_cast<std::uint32_t>(first));
    first += turns;
    if (turns == 0 || first > samples) throw Error{ErrorCode::InvalidPlan};
  }
  if (first != samples) throw Error{ErrorCode::InvalidPlan};
}

void ConversationStream::begin(std::uint32_t conversation) {
  next_sample_ = first_sample_[conversation];
  think_times_.resize(turns_[conversation] - 1);
  const double mean_s = static_cast<double>(think_time_.count()) / 1e9;
  for (Duration& think_time : think_times_)
    think_time = kind_ == ThinkTime::Constant ? think_time_ : to_duration(unit_gap(engine_) * mean_s);
}

}  // namespace loadgen
