// SPDX-License-Identifier: Apache-2.0
#include "record/payload.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

using namespace loadgen;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span{text}); }

std::string text_of(const PayloadView& answer) {
  return {reinterpret_cast<const char*>(answer.bytes.data()), answer.bytes.size()};
}

}  // namespace

TEST_CASE("answers are read in the order in which they came, each once, whatever their rows") {
  Ranges ranges;
  Payload payload{16, ranges};
  CHECK_FALSE(payload.next(0));
  CHECK(payload.append(7, 2, bytes_of("seven")));
  CHECK(payload.append(3, 0, bytes_of("")));
  std::vector<std::uint64_t> rows;
  std::uint64_t position = 0;
  while (const auto answer = payload.next(position)) {
    rows.push_back(answer->row);
    CHECK(text_of(*answer) == (answer->row == 7 ? "seven" : ""));
    CHECK(answer->kind == (answer->row == 7 ? 2 : 0));
    position = answer->end;
  }
  CHECK(rows == std::vector<std::uint64_t>{7, 3});
  CHECK(position == payload.size());
  CHECK(payload.append(4, 0, bytes_of("later")));
  CHECK(text_of(*payload.next(position)) == "later");
}

TEST_CASE("a ring gives back what was read, and goes round as often as it takes") {
  for (const Backing backing : {Backing::Anonymous, Backing::Memfd}) {
    Ranges ranges{backing};
    Payload payload{16, ranges, true, Payload::kSmallestArena};
    std::uint64_t position = 0;
    std::uint64_t wrong = 0;
    // Of answers that do not divide the ring, with a few waiting at any time.
    std::string text(std::size_t{9} << 20, 'x');
    const auto letter = [](std::uint64_t row) { return static_cast<char>('a' + row % 26); };
    for (std::uint64_t row = 0; row < 60; ++row) {
      text.front() = letter(row);
      const std::string_view part{text.data(), row % 3 == 0 ? 64 : text.size() - 7 * row};
      REQUIRE(payload.append(row, 1, bytes_of(part)));
      if (row < 3) continue;
      const auto answer = payload.next(position);
      REQUIRE(answer);
      wrong += answer->row != row - 3 || static_cast<char>(answer->bytes.front()) != letter(row - 3) ? 1U : 0U;
      position = answer->end;
      payload.forget(position);
    }
    CHECK(wrong == 0);
    CHECK(position > 4 * Payload::kSmallestArena);
  }
}

TEST_CASE("a ring that is full takes no more until something is forgotten") {
  Ranges ranges;
  Payload payload{16, ranges, true, Payload::kSmallestArena};
  const std::string text(std::size_t{20} << 20, 'x');
  std::uint64_t n = 0;
  while (payload.worth_trying(text.size()) && payload.append(n, 0, bytes_of(text))) ++n;
  CHECK(n == 3);
  CHECK_FALSE(payload.worth_trying(text.size()));
  CHECK_FALSE(payload.append(n, 0, bytes_of(text)));
  CHECK(payload.append(n, 0, bytes_of("small")));
  std::uint64_t position = payload.next(0)->end;
  position = payload.next(position)->end;
  payload.forget(position);
  CHECK(payload.worth_trying(text.size()));
  CHECK(payload.append(n + 1, 0, bytes_of(text)));
  // One that would never fit is not worth waiting for.
  CHECK(payload.worth_trying(Payload::kSmallestArena));
  CHECK_FALSE(payload.append(n + 2, 0, bytes_of(std::string(Payload::kSmallestArena, 'x'))));
}

TEST_CASE("an answer that does not fit is refused, and those before it stay readable") {
  Ranges ranges;
  Payload payload{4, ranges};
  CHECK(payload.append(0, 0, bytes_of("ok")));
  // Longer than an arena may be; the bytes are not touched.
  const std::span<const std::byte> huge{bytes_of("x").data(), std::size_t{1} << 33};
  CHECK_FALSE(payload.append(1, 0, huge));
  CHECK(text_of(*payload.next(0)) == "ok");
}
