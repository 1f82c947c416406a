// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "engine/crowding.hpp"

using namespace loadgen;
using namespace std::chrono_literals;

namespace {

constexpr Instant kStart{1h};

/// A thread that waits for a share of its time, looked at when it wants to be.
struct Waiting {
  Crowding crowding;
  Instant now = kStart;
  Duration waited = 1s;  // what was before is nobody's fault

  void go_on(Duration time, double share) {
    for (const Instant end = now + time; now < end; now += 1ms) {
      waited += std::chrono::duration_cast<Duration>(share * 1ms);
      if (crowding.wants_look(now)) crowding.look(waited, now);
    }
  }
};

}  // namespace

TEST_CASE("a thread that waits for little is not crowded, one that waits for much is, within the window") {
  Waiting thread;
  thread.go_on(10s, 0.04);
  CHECK_FALSE(thread.crowding.crowded());
  thread.go_on(100ms, 0.35);
  CHECK(thread.crowding.crowded());
}

TEST_CASE("crowding that lasts is held for longer and longer, since whoever rests does not wait") {
  Waiting thread;
  for (const Duration hold :
       {Duration{1s}, Duration{2s}, Duration{4s}, Duration{8s}, Duration{16s}, Duration{32s}, Duration{32s}}) {
    thread.go_on(40ms, 0.35);
    CHECK(thread.crowding.crowded());
    thread.go_on(hold - 50ms, 0);
    CHECK(thread.crowding.crowded());
    thread.go_on(50ms, 0);
    CHECK_FALSE(thread.crowding.crowded());
  }
}

TEST_CASE("crowding that comes back long after starts anew") {
  Waiting thread;
  thread.go_on(40ms, 0.35);
  thread.go_on(10s, 0);
  thread.go_on(100ms, 0.35);
  CHECK(thread.crowding.crowded());
  thread.go_on(1s, 0);
  CHECK_FALSE(thread.crowding.crowded());
}

TEST_CASE("where nobody knows how long a thread waits it is not crowded") {
  Crowding crowding;
  crowding.look(std::nullopt, Instant{1h});
  crowding.look(std::nullopt, Instant{2h});
  crowding.look(1h, Instant{3h});
  CHECK_FALSE(crowding.crowded());
}

TEST_CASE("it wants to look a hundred times a second") {
  Crowding crowding;
  CHECK(crowding.wants_look(kStart));
  crowding.look(0ns, kStart);
  CHECK_FALSE(crowding.wants_look(kStart + 9ms));
  CHECK(crowding.wants_look(kStart + 10ms));
}

TEST_CASE("the rest is what the thread has run more than its half, a fifth more, and the switching") {
  Crowding crowding;
  Duration cpu = 1s;
  Instant now = kStart;
  CHECK(crowding.rest(cpu, now) == Crowding::kLongestRest * 6 / 5 + 5us);  // nothing is known of before
  now += 1ms;
  CHECK(crowding.rest(cpu, now) == 5us);  // all of it is paid
  cpu += 20us;
  now += 20us;
  CHECK(crowding.rest(cpu, now) == 29us);
  cpu += 20us;
  now += 30us;  // slept for 10 us of the 29
  CHECK(crowding.rest(cpu, now) == 41us);
  cpu += 5us;
  now += 45us;  // slept for 40 us
  CHECK(crowding.rest(cpu, now) == 11us);
}

TEST_CASE("the rest after a long run is bounded: waiting costs no more than that") {
  Crowding crowding;
  (void)crowding.rest(0s, kStart);
  CHECK(crowding.rest(10ms, kStart + 10ms) == Crowding::kLongestRest * 6 / 5 + 5us);
}
