// SPDX-License-Identifier: Apache-2.0
#include "base/thread.hpp"

#include <doctest/doctest.h>

#if defined(__linux__)
#include <sched.h>
#include <sys/prctl.h>

using namespace loadgen;

TEST_CASE("timer slack is 1 ns inside the scope and what it was after it") {
  const int before = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
  {
    const ScopedThreadSetup setup{{}};
    CHECK(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0) == 1);
  }
  CHECK(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0) == before);
}

TEST_CASE("the thread runs on the processor that was asked for, and anywhere after the scope") {
  cpu_set_t before;
  REQUIRE(sched_getaffinity(0, sizeof before, &before) == 0);
  int first = 0;
  while (!CPU_ISSET(static_cast<std::size_t>(first), &before)) ++first;
  {
    const ScopedThreadSetup setup{{Priority::Normal, first}};
    CHECK(setup.cpu_granted());
    cpu_set_t inside;
    sched_getaffinity(0, sizeof inside, &inside);
    CHECK(CPU_COUNT(&inside) == 1);
  }
  cpu_set_t after;
  sched_getaffinity(0, sizeof after, &after);
  CHECK(CPU_EQUAL(&before, &after));
}

TEST_CASE("a processor that does not exist is refused and said so") {
  const ScopedThreadSetup setup{{Priority::Normal, 100'000}};
  CHECK_FALSE(setup.cpu_granted());
}

TEST_CASE("what a thread used in a time is a difference, and of several threads the sum") {
  const auto before = thread_usage();
  REQUIRE(before);
  while (thread_cpu_time() - before->cpu < std::chrono::milliseconds{2}) {
  }
  const auto after = thread_usage();
  REQUIRE(after);
  ThreadUsage used = after->since(*before);
  CHECK(used.cpu >= std::chrono::milliseconds{2});
  CHECK(used.cpu <= after->cpu);
  CHECK(used.minor_faults >= 0);
  const ThreadUsage other{Duration{10}, std::nullopt, 1, 2, 3, 4};
  const ThreadUsage one = used;
  used += other;
  CHECK(used.cpu == one.cpu + Duration{10});
  CHECK_FALSE(used.run_queue_delay);  // that of one is not that of both
  CHECK(used.voluntary_switches == one.voluntary_switches + 1);
  CHECK(used.involuntary_switches == one.involuntary_switches + 2);
  CHECK(used.minor_faults == one.minor_faults + 3);
  CHECK(used.major_faults == one.major_faults + 4);
  CHECK_FALSE(one.since(other).run_queue_delay);
  ThreadUsage twice{Duration{10}, Duration{5}, 0, 0, 0, 0};
  twice += twice;
  CHECK(twice.run_queue_delay == Duration{10});
  CHECK(twice.since({Duration{0}, Duration{4}, 0, 0, 0, 0}).run_queue_delay == Duration{6});
}

#endif

TEST_CASE("how long a thread has waited for a processor only grows") {
  const auto before = run_queue_delay();
  const auto after = run_queue_delay();
  CHECK(before.has_value() == after.has_value());
  CHECK(before.value_or(Duration{0}) >= Duration{0});
  CHECK(after >= before);
}
