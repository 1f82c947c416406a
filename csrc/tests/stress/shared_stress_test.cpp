// SPDX-License-Identifier: Apache-2.0
// Takers of a shared record that come and go while it is issued; each with a mapping of its own.
#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "engine/batcher.hpp"

using namespace loadgen;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kIssued = 5'000;

RecordSettings shared() {
  RecordSettings settings;
  settings.max_rows = 1 << 20;
  return settings;
}

}  // namespace

TEST_CASE("takers of a shared record that die again and again lose no row, and have none twice") {
  Ranges ranges{Backing::Memfd};
  Record record{shared(), Clock{}, ranges};
  Batcher batcher{record, ranges};
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> answered{0};
  // Each takes for a while, then is gone, with what it has not answered; then somebody else comes.
  const auto serve = [&](unsigned seed) {
    while (!over.load(std::memory_order_acquire)) {
      Ranges mapped{getpid(), ranges.made()};
      Record own{shared(), Clock{}, mapped};
      Batcher taking{own, mapped};
      for (unsigned turn = 0; turn < 50 + seed % 50; ++turn) {
        const auto rows = taking.take({5, 0us, own.clock().now() + 1ms, {}});
        if (!rows) continue;
        const bool dies = turn + 1 == 50 + seed % 50;
        answered += own.complete({rows->first, dies ? rows->count / 2 : rows->count}, own.clock().now(), {});
      }
      seed = seed * 1'664'525 + 1'013'904'223;
    }
  };
  std::vector<std::jthread> takers;
  for (unsigned seed = 1; seed <= 2; ++seed) takers.emplace_back(serve, seed);
  std::uint64_t open = 0;
  for (std::uint64_t head = 0; open < kIssued;) {
    if (head < kIssued) {
      head += 5;
      record.set_issued({head - 5, 5}, record.clock().now());
      record.publish(head);
      batcher.published(5, 10us);
    }
    if (head % 500 == 0) {
      std::vector<std::uint16_t> gone;
      batcher.takers().for_each([&](std::uint16_t taker, std::int64_t process) {
        if (process == Takers::kLeft) gone.push_back(taker);
      });
      for (const std::uint16_t taker : gone) {
        batcher.release(taker);
        batcher.takers().free(taker);
      }
      open = record.first_open(open, head);
    }
  }
  over.store(true, std::memory_order_release);
  batcher.finish();
  takers.clear();
  CHECK(answered == kIssued);
  CHECK(record.violations().get(Violation::Repeated).count == 0);
  CHECK(record.violations().get(Violation::Redelivered).count > 0);
}
