// SPDX-License-Identifier: Apache-2.0
#include "record/counters.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/shared_object.hpp"

using namespace loadgen;

TEST_CASE("violations are counted by kind with the first id as example") {
  ViolationCounters counters;
  counters.add(Violation::Repeated, 7);
  counters.add(Violation::Repeated, 8);
  CHECK(counters.get(Violation::Repeated).count == 2);
  CHECK(counters.get(Violation::Repeated).first_id == 7);
  CHECK(counters.get(Violation::Late).count == 0);
}

TEST_CASE("each violation has its own name") {
  for (std::size_t a = 0; a < kViolationKinds; ++a) {
    CHECK(violation_name(static_cast<Violation>(a)) != std::string{"unknown"});
    for (std::size_t b = 0; b < a; ++b)
      CHECK(std::string{violation_name(static_cast<Violation>(a))} != violation_name(static_cast<Violation>(b)));
  }
}

TEST_CASE("failures are counted by kind with the first message as example") {
  Ranges ranges;
  const SharedObject<FailureTable> table_holder{ranges};
  FailureTable& failures = *table_holder;
  failures.add("timeout", "after 3 s", 2);
  failures.add("timeout", "after 9 s", 1);
  failures.add("refused", "", 1);
  const auto table = failures.table();
  CHECK(table.size() == 2);
  CHECK(table.at("timeout").count == 3);
  CHECK(table.at("timeout").example == "after 3 s");
}

TEST_CASE("kinds past the limit are counted together") {
  Ranges ranges;
  const SharedObject<FailureTable> table_holder{ranges};
  FailureTable& failures = *table_holder;
  for (std::size_t kind = 0; kind < FailureTable::kMaxKinds + 5; ++kind) failures.add(std::to_string(kind), "m", 1);
  const auto table = failures.table();
  CHECK(table.size() == FailureTable::kMaxKinds + 1);
  CHECK(table.at("other").count == 5);
}

TEST_CASE("long kinds and messages are cut between characters") {
  Ranges ranges;
  const SharedObject<FailureTable> table_holder{ranges};
  std::string kind(231, 'k');
  table_holder->add(kind + "\u00e9", std::string(5000, 'm'), 1);
  const auto table = table_holder->table();
  REQUIRE(table.size() == 1);
  CHECK(table.begin()->first == kind);
  CHECK(table.begin()->second.example == std::string(2048, 'm'));
}
