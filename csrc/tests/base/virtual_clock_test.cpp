// SPDX-License-Identifier: Apache-2.0
#include "base/virtual_clock.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "base/clock.hpp"

using namespace loadgen;
using namespace std::chrono_literals;

TEST_CASE("events run in the order of their times, and of their addition at the same time") {
  VirtualClock clock{Instant{1s}};
  std::vector<int> ran;
  clock.call_at(Instant{1s + 30ns}, [&] { ran.push_back(3); });
  clock.call_at(Instant{1s + 10ns}, [&] { ran.push_back(1); });
  clock.call_at(Instant{1s + 10ns}, [&] { ran.push_back(2); });
  CHECK(clock.advance(Instant{2s}));
  CHECK(clock.now() == Instant{1s + 10ns});
  CHECK(clock.advance(Instant{2s}));
  CHECK(clock.advance(Instant{2s}));
  CHECK(ran == std::vector{1, 2, 3});
  CHECK_FALSE(clock.advance(Instant{2s}));
  CHECK(clock.now() == Instant{2s});
}

TEST_CASE("an event after the limit waits") {
  VirtualClock clock{Instant{1s}};
  bool ran = false;
  clock.call_at(Instant{3s}, [&] { ran = true; });
  CHECK_FALSE(clock.advance(Instant{2s}));
  CHECK_FALSE(ran);
  CHECK(clock.now() == Instant{2s});
}

TEST_CASE("time never goes back: an event for the past runs now") {
  VirtualClock clock{Instant{5s}};
  Instant seen{};
  clock.call_at(Instant{1s}, [&] { seen = clock.now(); });
  CHECK(clock.advance(Instant{6s}));
  CHECK(seen == Instant{5s});
}

TEST_CASE("an event may add events") {
  VirtualClock clock{Instant{1s}};
  int ran = 0;
  clock.call_at(Instant{2s}, [&] { clock.call_at(Instant{3s}, [&] { ++ran; }); });
  while (clock.advance(Instant{4s})) {
  }
  CHECK(ran == 1);
}

TEST_CASE("a clock without a virtual one reads the monotonic clock") {
  const Clock clock;
  const Instant first = clock.now();
  CHECK(to_stamp(first) > 0);
  CHECK(clock.now() >= first);
}
