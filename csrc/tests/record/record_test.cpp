// SPDX-License-Identifier: Apache-2.0
#include "record/record.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstring>

using namespace loadgen;

namespace {

constexpr Instant kAt{Duration{5'000}};

RecordSettings small(RecordSettings settings = {}) {
  settings.max_rows = 1 << 20;
  return settings;
}

}  // namespace

TEST_CASE("an id is the tag and the row, and finds its row once that is issued") {
  RecordSettings settings = small();
  settings.tag = 0xABCD;
  Record record{settings, Clock{}};
  record.publish(3);
  CHECK(record.id_of(2) == 0xABCD'0000'0000'0002);
  CHECK(record.find(record.id_of(2)) == 2);
  CHECK(record.violations().get(Violation::ForeignId).count == 0);
}

TEST_CASE("ids of rows that are not issued, of other runs, and zero are foreign") {
  RecordSettings settings = small();
  settings.tag = 2;
  Record record{settings, Clock{}};
  record.publish(1);
  CHECK_FALSE(record.find(record.id_of(1)));
  CHECK_FALSE(record.find(std::uint64_t{3} << 48));
  CHECK_FALSE(record.find(0));
  const auto count = record.violations().get(Violation::ForeignId);
  CHECK(count.count == 3);
  CHECK(count.first_id == record.id_of(1));
}

TEST_CASE("the first answer stands and a second one is counted") {
  Record record{small(), Clock{}};
  record.publish(2);
  CHECK(record.complete({0, 1}, kAt, {}) == 1);
  CHECK(record.complete({0, 2}, kAt + Duration{1}, {}) == 1);
  CHECK(record.completed_column()[0] == 5'000);
  CHECK(record.completed_column()[1] == 5'001);
  CHECK(record.violations().get(Violation::Repeated).count == 1);
}

TEST_CASE("closing makes open rows missing, and an answer after it changes nothing") {
  Record record{small(), Clock{}};
  record.publish(2);
  record.complete({0, 1}, kAt, {});
  record.close(0);
  CHECK(record.status_column()[0] == kOk);
  CHECK(record.status_column()[1] == kMissing);
  CHECK(record.complete({1, 1}, kAt, {}) == 0);
  CHECK(record.completed_column()[1] == Record::kClosed);
  CHECK(record.violations().get(Violation::Late).count == 1);
}

TEST_CASE("a failed sample keeps its instant and its status") {
  Record record{small(), Clock{}};
  record.publish(1);
  Answer answer;
  answer.status = kFailed;
  record.complete({0, 1}, kAt, answer);
  CHECK(record.is_done(0));
  CHECK(record.status_column()[0] == kFailed);
  CHECK(record.completed_column()[0] == 5'000);
}

TEST_CASE("tokens: the first one is stamped once, later ones are counted, none after completion") {
  RecordSettings settings = small();
  settings.tokens = true;
  Record record{settings, Clock{}};
  record.publish(1);
  record.add_tokens({0, 1}, kAt, 2);
  record.add_tokens({0, 1}, kAt + Duration{7}, 3);
  CHECK(record.first_token_column()[0] == 5'000);
  CHECK(record.n_tokens_column()[0] == 5);
  record.first_token({0, 1}, kAt);
  CHECK(record.violations().get(Violation::RepeatedFirstToken).count == 1);
  record.add_tokens({0, 1}, kAt, 0);
  CHECK(record.violations().get(Violation::InvalidTokenCount).count == 1);
  record.complete({0, 1}, kAt + Duration{9}, {});
  record.add_tokens({0, 1}, kAt, 1);
  record.first_token({0, 1}, kAt);
  CHECK(record.violations().get(Violation::TokenLate).count == 1);
  CHECK(record.violations().get(Violation::FirstTokenLate).count == 1);
  CHECK(record.n_tokens_column()[0] == 5);
}

TEST_CASE("a count of tokens stops at the most that there is room for") {
  RecordSettings settings = small();
  settings.tokens = true;
  Record record{settings, Clock{}};
  record.publish(1);
  constexpr std::uint32_t kMost = 0xFFFF'FFFF;
  record.add_tokens({0, 1}, kAt, kMost - 1);
  CHECK(record.n_tokens_column()[0] == kMost - 1);
  record.add_tokens({0, 1}, kAt, 3);
  CHECK(record.n_tokens_column()[0] == kMost);
  record.first_token({0, 1}, kAt);
  record.add_tokens({0, 1}, kAt, std::int64_t{1} << 40);
  CHECK(record.n_tokens_column()[0] == kMost);
}

TEST_CASE("the first token counts as one, and an answer that names a count has the last word") {
  RecordSettings settings = small();
  settings.tokens = true;
  Record record{settings, Clock{}};
  record.publish(2);
  record.first_token({0, 2}, kAt);
  record.add_tokens({0, 2}, kAt + Duration{3}, 2);
  CHECK(record.n_tokens_column()[0] == 3);
  CHECK(record.first_token_column()[0] == 5'000);
  const std::array<std::int64_t, 1> counts{9};
  Answer answer;
  answer.n_tokens = counts;
  record.complete({1, 1}, kAt, answer);
  CHECK(record.n_tokens_column()[1] == 9);
}

TEST_CASE("token counts of an answer are kept, and zero of them is a violation") {
  RecordSettings settings = small();
  settings.tokens = true;
  Record record{settings, Clock{}};
  record.publish(2);
  const std::array<std::int64_t, 2> counts{12, 0};
  Answer answer;
  answer.n_tokens = counts;
  record.complete({0, 2}, kAt, answer);
  CHECK(record.n_tokens_column()[0] == 12);
  CHECK(record.n_tokens_column()[1] == 0);
  CHECK(record.violations().get(Violation::InvalidTokenCount).count == 1);
}

TEST_CASE("bytes of an answer are kept for chosen rows, an empty answer too") {
  RecordSettings settings = small();
  settings.keep_outputs = KeepOutputs::Chosen;
  Record record{settings, Clock{}};
  *record.keep_at(0) = 1;
  *record.keep_at(2) = 1;
  record.publish(3);
  const char text[] = "answer";
  const auto bytes = std::as_bytes(std::span{text, 6});
  const std::array<std::uint16_t, 3> kinds{4, 4, 4};
  const std::array<std::span<const std::byte>, 3> outputs{bytes, bytes, bytes.first(0)};
  Answer answer;
  answer.kinds = kinds;
  answer.outputs = outputs;
  CHECK(record.keeps_output(RowRange{0, 2}));
  CHECK_FALSE(record.keeps_output(RowRange{1, 1}));
  record.complete({0, 3}, kAt, answer);
  const Payload& payload = *record.payload();
  CHECK(payload.offsets()[0] > 0);
  CHECK(payload.lengths()[0] == 6);
  CHECK(payload.kinds()[0] == 4);
  CHECK(std::memcmp(payload.bytes() + payload.offsets()[0] - 1, text, 6) == 0);
  CHECK(payload.offsets()[1] == 0);
  CHECK(payload.offsets()[2] > payload.offsets()[0]);
  CHECK(payload.lengths()[2] == 0);
}

TEST_CASE("instants are stored as the scenario needs them") {
  RecordSettings settings = small();
  settings.instants = InstantColumns::IssuedOnly;
  Record closed_loop{settings, Clock{}};
  closed_loop.set_scheduled(0, kAt);
  closed_loop.set_issued({0, 2}, kAt);
  CHECK(closed_loop.scheduled_column() == closed_loop.issued_column());
  CHECK(closed_loop.issued_column()[1] == 5'000);
  settings.instants = InstantColumns::None;
  Record offline{settings, Clock{}};
  offline.set_issued({0, 2}, kAt);
  CHECK(offline.issued_column() == nullptr);
}

TEST_CASE("a record that the system has no addresses for asks for less") {
  RecordSettings settings;
  settings.max_rows = std::uint64_t{1} << 50;
  const Record record{settings, Clock{}};
  CHECK(record.part_end(0) >= 1 << 20);
  CHECK(record.part_end(0) < std::uint64_t{1} << 50);
}

TEST_CASE("first_open stops at the first row without an answer") {
  Record record{small(), Clock{}};
  record.publish(4);
  record.complete({0, 2}, kAt, {});
  record.complete({3, 1}, kAt, {});
  CHECK(record.first_open(0, 4) == 2);
  CHECK(record.first_open(3, 4) == 4);
}

TEST_CASE("each part has rows and a head of its own, and an id is known by the head of its part") {
  RecordSettings settings = small();
  settings.parts = 3;
  Record record{settings, Clock{}};
  CHECK(record.part_end(0) == record.part_begin(1));
  record.publish(record.part_begin(1) + 2, 1);
  CHECK(record.head(0) == 0);
  CHECK(record.head(1) == record.part_begin(1) + 2);
  CHECK(record.find(record.id_of(record.part_begin(1) + 1)) == record.part_begin(1) + 1);
  CHECK_FALSE(record.find(record.id_of(0)));
  CHECK_FALSE(record.find(record.id_of(record.part_begin(1) + 2)));
  CHECK_FALSE(record.find(record.id_of(record.part_begin(3))));  // no such part
  CHECK(record.violations().get(Violation::ForeignId).count == 3);
  record.complete({record.part_begin(1), 1}, kAt, {});
  record.close(0);
  CHECK(record.is_done(record.part_begin(1)));
  CHECK(record.status_column()[record.part_begin(1) + 1] == kMissing);
}
