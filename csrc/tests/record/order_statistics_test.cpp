// SPDX-License-Identifier: Apache-2.0
#include "record/order_statistics.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "base/error.hpp"

using loadgen::difference_summary;
using loadgen::Differences;
using loadgen::DifferenceSummary;
using loadgen::Error;
using loadgen::ErrorCode;
using loadgen::order_statistics;

using Values = std::vector<std::int64_t>;

namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kSmallest = std::numeric_limits<std::int64_t>::min();

/// The values themselves as differences from a constant 0.
Differences from_zero(const Values& values) {
  static const std::int64_t zero = 0;
  return {.rows = values.size(), .end = {values.data(), 1}, .start = {&zero, 0}};
}

/// Compares every rank, or some of many, with a full sort.
void check_against_sort(Values values) {
  const Differences differences = from_zero(values);
  Values sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const auto n = static_cast<std::int64_t>(values.size());
  Values ranks;
  for (std::int64_t rank = 0; rank < n; rank += std::max<std::int64_t>(1, n / 130)) ranks.push_back(rank);
  ranks.push_back(n - 1);
  const Values found = order_statistics(differences, ranks);
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    REQUIRE(found[i] == sorted[static_cast<std::size_t>(ranks[i])]);
  }
}

Values drawn(std::size_t n, std::int64_t low, std::int64_t high) {
  std::mt19937_64 engine{n};
  std::uniform_int_distribution<std::int64_t> distribution{low, high};
  Values values(n);
  for (std::int64_t& value : values) value = distribution(engine);
  return values;
}

}  // namespace

TEST_CASE("a small table has known answers, in the order of the ranks asked for") {
  const Values end{30, 10, 50, 40, 20};
  const Values start{1, 2, 3, 4, 5};
  const Differences differences{.rows = 5, .end = {end.data(), 1}, .start = {start.data(), 1}};
  CHECK(order_statistics(differences, Values{4, 0, 2, 2, 1, 3}) == Values{47, 8, 29, 29, 15, 36});
  CHECK(order_statistics(differences, Values{}).empty());
}

TEST_CASE("every value where buckets begin and end is told from its neighbours") {
  Values values;
  for (unsigned bit = 0; bit < 63; ++bit) {
    for (const std::int64_t around : {-2, -1, 0, 1, 2}) {
      const std::int64_t value = (std::int64_t{1} << bit) + around;
      values.insert(values.end(), {value, -value});
    }
  }
  values.insert(values.end(), {kLargest, kLargest - 1, kSmallest, kSmallest + 1, 0});
  Values ranks(values.size());
  std::iota(ranks.begin(), ranks.end(), 0);
  const Values found = order_statistics(from_zero(values), ranks);
  std::sort(values.begin(), values.end());
  CHECK(found == values);
}

TEST_CASE("order statistics are those of a sort, for small, large, huge and negative values") {
  check_against_sort(drawn(10'000, 0, 1));
  check_against_sort(drawn(10'000, 0, 5'000));
  check_against_sort(drawn(10'000, 0, 1'000'000'000));
  check_against_sort(drawn(10'000, -2'000, 2'000));
  check_against_sort(drawn(10'000, -1'000'000'000'000, -999'999'000'000));
  check_against_sort(drawn(10'000, std::int64_t{1} << 52, (std::int64_t{1} << 52) + 100'000));
  check_against_sort(drawn(10'000, kLargest - 1'000'000, kLargest));
  check_against_sort(drawn(10'000, kSmallest, kSmallest + 1'000'000));
  check_against_sort(drawn(10'000, kSmallest, kLargest));
  check_against_sort(drawn(1, 77, 77));
}

TEST_CASE("many ranks in one bucket are told apart") {
  check_against_sort(drawn(20'000, 5'000'000'000, 5'000'900'000));
}

TEST_CASE("all values equal") {
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{5'000'000'000}}) {
    const Values values(1'000, value);
    CHECK(order_statistics(from_zero(values), Values{0, 500, 999}) == Values{value, value, value});
  }
}

TEST_CASE("only rows of status 0 count") {
  const Values values{5, -100, 7, 1'000, 6};
  const std::vector<std::uint8_t> status{0, 2, 0, 1, 0};
  Differences differences = from_zero(values);
  differences.status = status.data();
  CHECK(order_statistics(differences, Values{0, 1, 2}) == Values{5, 6, 7});
  CHECK(difference_summary(differences).count == 3);
  CHECK(difference_summary(differences).max == 7);
}

TEST_CASE("columns may be constant or lie apart in memory") {
  const Values table{1, 100, 2, 200, 3, 300};
  const std::int64_t start = 1;
  const Differences apart{.rows = 3, .end = {table.data() + 1, 2}, .start = {&start, 0}};
  CHECK(order_statistics(apart, Values{0, 2}) == Values{99, 299});
  const Differences backwards{.rows = 3, .end = {table.data() + 5, -2}, .start = {table.data(), 2}};
  CHECK(order_statistics(backwards, Values{0, 1, 2}) == Values{97, 198, 299});
}

TEST_CASE("a rank outside the data is refused, also when there are no data") {
  const Values values{1, 2, 3};
  for (const std::int64_t rank : {std::int64_t{-1}, std::int64_t{3}, kLargest, kSmallest}) {
    CHECK_THROWS_AS((void)order_statistics(from_zero(values), Values{0, rank}), Error);
  }
  try {
    (void)order_statistics(from_zero({}), Values{0});
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::InvalidRank);
  }
}

TEST_CASE("the summary has count, extremes and the exact sum") {
  const DifferenceSummary summary = difference_summary(from_zero({3, -10, 5}));
  CHECK(summary.count == 3);
  CHECK(summary.min == -10);
  CHECK(summary.max == 5);
  CHECK(summary.sum_high == -1);
  CHECK(summary.sum_low == std::numeric_limits<std::uint64_t>::max() - 1);  // -2 in 128 bits
}

TEST_CASE("sums that do not fit 64 bits are exact") {
  const DifferenceSummary large = difference_summary(from_zero(Values(6, kLargest)));
  CHECK(large.sum_high == 2);
  CHECK(large.sum_low == std::numeric_limits<std::uint64_t>::max() - 5);  // 6 * (2^63 - 1) = 3 * 2^64 - 6
  const DifferenceSummary small = difference_summary(from_zero(Values(4, kSmallest)));
  CHECK(small.sum_high == -2);
  CHECK(small.sum_low == 0);
}

TEST_CASE("the summary of no rows is all zero") {
  const DifferenceSummary summary = difference_summary(from_zero({}));
  CHECK(summary.count == 0);
  CHECK(summary.min == 0);
  CHECK(summary.max == 0);
  CHECK(summary.sum_high == 0);
  CHECK(summary.sum_low == 0);
}
