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
  Payload payload{16, Backing::Anonymous};
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

TEST_CASE("memory that was given back does not touch the answers after it") {
  for (const Backing backing : {Backing::Anonymous, Backing::Memfd}) {
    Payload payload{4096, backing};
    const std::string text(1000, 'x');
    for (std::uint64_t row = 0; row < 2000; ++row) CHECK(payload.append(row, 0, bytes_of(text)));
    std::uint64_t position = 0;
    for (int i = 0; i < 1500; ++i) position = payload.next(position)->end;
    payload.forget(position);
    CHECK(payload.bytes()[100] == std::byte{0});
    std::uint64_t left = 0;
    while (const auto answer = payload.next(position)) {
      left += text_of(*answer) == text ? 1 : 0;
      position = answer->end;
      payload.forget(position);
    }
    CHECK(left == 500);
  }
}

TEST_CASE("an answer that does not fit is refused, and those before it stay readable") {
  Payload payload{4, Backing::Anonymous};
  CHECK(payload.append(0, 0, bytes_of("ok")));
  // Longer than an arena may be; the bytes are not touched.
  const std::span<const std::byte> huge{bytes_of("x").data(), std::size_t{1} << 33};
  CHECK_FALSE(payload.append(1, 0, huge));
  CHECK(text_of(*payload.next(0)) == "ok");
}
