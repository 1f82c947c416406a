// SPDX-License-Identifier: Apache-2.0
#include "native/api.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <string>

#include "open_run.hpp"

using namespace loadgen;
using namespace std::chrono_literals;
using test::api;
using test::OpenRun;

namespace {

RunSettings with_tokens() {
  RunSettings settings = test::small_run();
  settings.record.tokens = true;
  return settings;
}

RunSettings with_outputs() {
  RunSettings settings = with_tokens();
  settings.record.keep_outputs = KeepOutputs::All;
  return settings;
}

loadgen_answer answer_of(std::uint64_t id, const char* text) {
  return {sizeof(loadgen_answer), 0, id, text, text == nullptr ? 0 : std::strlen(text), 0};
}

}  // namespace

TEST_CASE("the table says how large it is and of which version") {
  CHECK(api.struct_size == sizeof(loadgen_api));
  CHECK(api.abi_version == LOADGEN_ABI_VERSION);
}

TEST_CASE("ids are answered once: the first answer stands and the second is counted") {
  OpenRun open;
  CHECK(api.complete(open.handle.get(), open.id(0), 4) == LOADGEN_OK);
  const Instant first = open.run.record().completed_at(2);
  CHECK(api.complete(open.handle.get(), open.id(2), 4) == LOADGEN_E_ID);
  CHECK(open.run.record().completed_at(2) == first);
  CHECK(open.run.record().is_done(5));
  CHECK(open.violations(Violation::Repeated) == 2);
}

TEST_CASE("what was never issued is one violation, and what is known around it counts") {
  OpenRun open;
  CHECK(api.complete(open.handle.get(), open.id(8), ~std::uint64_t{0}) == LOADGEN_E_ID);
  CHECK(open.run.record().is_done(8));
  CHECK(open.run.record().is_done(9));
  CHECK(open.violations(Violation::ForeignId) == 1);
  for (const std::uint64_t wrong : {std::uint64_t{0}, open.id(10), open.id(0) - 1, ~std::uint64_t{0}})
    CHECK(api.complete(open.handle.get(), wrong, 1) == LOADGEN_E_ID);
  CHECK(open.violations(Violation::ForeignId) == 5);
  CHECK(api.complete(open.handle.get(), open.id(0), 0) == LOADGEN_OK);
  CHECK_FALSE(open.run.record().is_done(0));
}

TEST_CASE("ids in any order: wrong ones do not keep the others from counting") {
  OpenRun open;
  const std::array ids{open.id(7), std::uint64_t{1}, open.id(3), open.id(7)};
  CHECK(api.complete_ids(open.handle.get(), ids.data(), ids.size()) == LOADGEN_E_ID);
  CHECK(open.run.record().is_done(7));
  CHECK(open.run.record().is_done(3));
  CHECK(open.violations(Violation::ForeignId) == 1);
  CHECK(open.violations(Violation::Repeated) == 1);
  CHECK(api.complete_ids(open.handle.get(), nullptr, 0) == LOADGEN_OK);
}

TEST_CASE("null pointers are refused, and nothing is done") {
  OpenRun open{with_outputs()};
  const std::uint64_t id = open.id(0);
  const loadgen_answer answer = answer_of(id, "x");
  CHECK(api.complete(nullptr, id, 1) == LOADGEN_E_NULL);
  CHECK(api.complete_ids(nullptr, &id, 1) == LOADGEN_E_NULL);
  CHECK(api.complete_ids(open.handle.get(), nullptr, 1) == LOADGEN_E_NULL);
  CHECK(api.answer(nullptr, &answer) == LOADGEN_E_NULL);
  CHECK(api.answer(open.handle.get(), nullptr) == LOADGEN_E_NULL);
  loadgen_answer no_data = answer_of(id, nullptr);
  no_data.size = 1;
  CHECK(api.answer(open.handle.get(), &no_data) == LOADGEN_E_NULL);
  CHECK(api.first_token(nullptr, id, 1) == LOADGEN_E_NULL);
  CHECK(api.tokens(nullptr, id, 1, 1) == LOADGEN_E_NULL);
  CHECK(api.fail(nullptr, id, 1, "x", "y") == LOADGEN_E_NULL);
  CHECK(api.abort_run(nullptr, "x") == LOADGEN_E_NULL);
  CHECK(api.now_ns(nullptr) == 0);
  CHECK_FALSE(open.run.record().is_done(0));
  CHECK_FALSE(open.run.aborted());
}

TEST_CASE("an answer brings bytes and tokens, or none") {
  OpenRun open{with_outputs()};
  loadgen_answer first = answer_of(open.id(4), "four");
  first.n_tokens = 17;
  CHECK(api.answer(open.handle.get(), &first) == LOADGEN_OK);
  const loadgen_answer empty = answer_of(open.id(5), "");
  CHECK(api.answer(open.handle.get(), &empty) == LOADGEN_OK);
  const loadgen_answer none = answer_of(open.id(6), nullptr);
  CHECK(api.answer(open.handle.get(), &none) == LOADGEN_OK);
  const Payload& kept = *open.run.record().payload();
  CHECK(std::string{reinterpret_cast<const char*>(kept.bytes()) + kept.offsets()[4] - 1, kept.lengths()[4]} == "four");
  CHECK(open.run.record().n_tokens_column()[4] == 17);
  CHECK(kept.offsets()[5] > 0);
  CHECK(kept.lengths()[5] == 0);
  CHECK(kept.offsets()[6] == 0);
  CHECK(open.run.record().is_done(6));
}

TEST_CASE("an answer of another version, or too long, is refused, and nothing is done") {
  OpenRun open{with_outputs()};
  loadgen_answer small = answer_of(open.id(0), "x");
  small.struct_size = sizeof(loadgen_answer) - 1;
  CHECK(api.answer(open.handle.get(), &small) == LOADGEN_E_ARGUMENT);
  loadgen_answer larger = answer_of(open.id(1), "x");
  larger.struct_size = 2 * sizeof(loadgen_answer);  // of a later version: what is known of it counts
  CHECK(api.answer(open.handle.get(), &larger) == LOADGEN_OK);
  loadgen_answer reserved = answer_of(open.id(0), "x");
  reserved.reserved = 1;
  CHECK(api.answer(open.handle.get(), &reserved) == LOADGEN_E_ARGUMENT);
  loadgen_answer too_long = answer_of(open.id(0), "x");
  too_long.size = std::size_t{1} << 32;
  CHECK(api.answer(open.handle.get(), &too_long) == LOADGEN_E_ARGUMENT);
  CHECK_FALSE(open.run.record().is_done(0));
  const loadgen_answer foreign = answer_of(1, "x");
  CHECK(api.answer(open.handle.get(), &foreign) == LOADGEN_E_ID);
}

TEST_CASE("tokens are counted until the answer comes") {
  OpenRun open{with_tokens()};
  CHECK(api.first_token(open.handle.get(), open.id(0), 2) == LOADGEN_OK);
  CHECK(api.tokens(open.handle.get(), open.id(0), 2, 5) == LOADGEN_OK);
  CHECK(api.tokens(open.handle.get(), open.id(2), 1, 3) == LOADGEN_OK);
  CHECK(api.tokens(open.handle.get(), open.id(2), 1, 0) == LOADGEN_E_ARGUMENT);
  CHECK(api.first_token(open.handle.get(), open.id(2), 1) == LOADGEN_E_ID);
  CHECK(api.complete(open.handle.get(), open.id(0), 3) == LOADGEN_OK);
  CHECK(api.tokens(open.handle.get(), open.id(0), 1, 1) == LOADGEN_E_ID);
  CHECK(api.first_token(open.handle.get(), open.id(0), 1) == LOADGEN_E_ID);
  CHECK(open.run.record().n_tokens_column()[1] == 6);
  CHECK(open.run.record().n_tokens_column()[2] == 3);
  CHECK(open.violations(Violation::RepeatedFirstToken) == 1);
  CHECK(open.violations(Violation::TokenLate) == 1);
  CHECK(open.violations(Violation::FirstTokenLate) == 1);
}

TEST_CASE("failures are counted by kind, null being error") {
  OpenRun open;
  CHECK(api.fail(open.handle.get(), open.id(0), 2, "busy", "queue is full") == LOADGEN_OK);
  CHECK(api.fail(open.handle.get(), open.id(1), 2, nullptr, nullptr) == LOADGEN_E_ID);
  const auto table = open.run.record().failures().table();
  CHECK(table.at("busy").count == 2);
  CHECK(table.at("busy").example == "queue is full");
  CHECK(table.at("error").count == 1);
  CHECK(open.run.record().status_column()[2] == kFailed);
}

TEST_CASE("the first reason to abort stands, and there is none after the end") {
  OpenRun open;
  CHECK_FALSE(open.handle->abort_reason());
  CHECK(api.abort_run(open.handle.get(), "too hot") == LOADGEN_OK);
  CHECK(api.abort_run(open.handle.get(), nullptr) == LOADGEN_OK);
  CHECK(open.run.aborted());
  CHECK(open.handle->abort_reason() == "too hot");
  OpenRun over;
  over.run.close();
  CHECK(api.abort_run(over.handle.get(), "too late") == LOADGEN_E_ENDED);
  CHECK_FALSE(over.handle->abort_reason());
}

TEST_CASE("answers after the end are late and change nothing; after the record is gone they do nothing") {
  OpenRun open{with_outputs()};
  loadgen_run* handle = open.handle.get();
  const std::uint64_t id = open.id(0);
  const loadgen_answer answer = answer_of(id, "x");
  CHECK(api.now_ns(handle) > 0);
  open.run.close();
  for (int round = 0; round < 2; ++round) {
    CHECK(api.complete(handle, id, 1) == LOADGEN_E_ENDED);
    CHECK(api.complete_ids(handle, &id, 1) == LOADGEN_E_ENDED);
    CHECK(api.answer(handle, &answer) == LOADGEN_E_ENDED);
    CHECK(api.first_token(handle, id, 1) == LOADGEN_E_ENDED);
    CHECK(api.tokens(handle, id, 1, 1) == LOADGEN_E_ENDED);
    CHECK(api.fail(handle, id, 1, "x", "y") == LOADGEN_E_ENDED);
    CHECK(api.abort_run(handle, "x") == LOADGEN_E_ENDED);
    CHECK(api.now_ns(handle) == 0);
    CHECK(open.violations(Violation::Late) == 4);
    CHECK(open.run.record().failures().table().empty());
    handle->close();
  }
}

TEST_CASE("answers on a virtual clock have its instant") {
  VirtualClock clock{Instant{7s}};
  RunSettings settings = test::small_run();
  settings.virtual_clock = &clock;
  OpenRun open{settings};
  CHECK(api.complete(open.handle.get(), open.id(0), 1) == LOADGEN_OK);
  CHECK(open.run.record().completed_at(0) == Instant{7s});
  CHECK(api.now_ns(open.handle.get()) == 7'000'000'000);
}
