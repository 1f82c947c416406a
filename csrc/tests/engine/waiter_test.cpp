// SPDX-License-Identifier: Apache-2.0
#include "engine/waiter.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <thread>

using namespace loadgen;
using namespace std::chrono_literals;

namespace {

// How often the thread gave its processor up by itself.
long times_asleep() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

}  // namespace

TEST_CASE("a realtime thread that waits for answers does not spin all the time") {
  RecordSettings small;
  small.max_rows = 1 << 20;
  Record record{small, Clock{}};
  const std::atomic<bool> aborted{false};
  const SutCalls calls;
  Waiter waiter{record, aborted, calls, {Pacing::Auto, Priority::Realtime}};
  bool slept = false;
  for (int tries = 0; !slept && tries < 100; ++tries) {  // the machine may take the time that is left of a window
    // Spins for nearly a window: of the looks between two readings of the clock, the first one takes 90 ms.
    int looks = 0;
    waiter.until_any_answer({0, 1}, [&] {
      if (++looks == 2) std::this_thread::sleep_for(90ms);
      return looks > 1 + 16;
    });
    // Could be spun through. A wait that sleeps instead looks at first, before it, and after it.
    looks = 0;
    const Instant answer = Clock{}.now() + 20us;
    const long before = times_asleep();
    waiter.until_any_answer({0, 1}, [&] { return ++looks, Clock{}.now() >= answer; });
    slept = looks == 3 && times_asleep() > before;
  }
  CHECK(slept);
}
