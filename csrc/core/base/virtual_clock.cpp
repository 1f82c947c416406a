// SPDX-License-Identifier: Apache-2.0
#include "base/virtual_clock.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace loadgen {

void VirtualClock::call_at(Instant at, Event event) {
  events_.push_back(Entry{std::max(at, now_), added_++, std::move(event)});
  std::ranges::push_heap(events_, std::less<>{});
}

bool VirtualClock::advance(Instant limit) {
  if (events_.empty() || events_.front().at > limit) {
    now_ = std::max(now_, limit);
    return false;
  }
  std::ranges::pop_heap(events_, std::less<>{});
  const Entry entry = std::move(events_.back());
  events_.pop_back();
  now_ = std::max(now_, entry.at);
  entry.event();  // may add events, so the heap is whole again before this call
  return true;
}

}  // namespace loadgen
