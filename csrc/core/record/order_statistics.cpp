// SPDX-License-Identifier: Apache-2.0
#include "record/order_statistics.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>

#include "base/error.hpp"

namespace loadgen {
namespace {

constexpr unsigned kSplitBits = 14;  // 2^14 steps in a bucket that is split

// Buckets are the leading bits of value + 1/2 as a double: sign, exponent, and 11 bits of the
// mantissa, hence 2^11 steps an octave. The processor finds exponents of doubles faster than
// leading bits of integers. A value v < 0 mirrors -1 - v, and the half gives 0 and -1 an exponent.
static_assert(std::numeric_limits<double>::is_iec559);
constexpr unsigned kStepBits = 11;
constexpr unsigned kDroppedBits = 52 - kStepBits;  // of the mantissa
constexpr std::uint64_t kOctaves = 64;             // of 1/2 up to 2^63
constexpr std::uint64_t kFirstExponent = 1022;     // as stored, of 1/2
constexpr std::uint64_t kBucketsOfSign = kOctaves << kStepBits;
constexpr std::uint64_t kFirstNegative = std::uint64_t{1} << (63U - kDroppedBits);
constexpr std::uint64_t kBucketEnd = kFirstNegative + kBucketsOfSign;

inline std::uint64_t bucket_of(std::int64_t value) noexcept {
  constexpr std::uint64_t kExact = std::uint64_t{1} << 52U;  // below, value + 1/2 is a double
  const auto word = static_cast<std::uint64_t>(value);
  if (word + kExact >= 2 * kExact) [[unlikely]] {
    // Stays in its bucket, which is 2^41 wide or more.
    const std::uint64_t mirror = value < 0 ? ~std::uint64_t{0} : 0;
    value = static_cast<std::int64_t>(((word ^ mirror) & ~std::uint64_t{0xfff}) ^ mirror);
  }
  const auto bits = std::bit_cast<std::uint64_t>(static_cast<double>(value) + 0.5);
  return (bits >> kDroppedBits) - (kFirstExponent << kStepBits);
}

/// Buckets in ascending order of their values, from 0: first those of negative values, whose
/// numbers descend.
constexpr std::uint64_t bucket_at(std::uint64_t place) noexcept {
  return place < kBucketsOfSign ? kFirstNegative + (kBucketsOfSign - 1 - place) : place - kBucketsOfSign;
}
constexpr std::uint64_t place_of(std::uint64_t bucket) noexcept {
  return bucket >= kFirstNegative ? kBucketsOfSign - 1 - (bucket - kFirstNegative) : bucket + kBucketsOfSign;
}

/// The values first to first + 2^bits - 1.
struct Range {
  std::int64_t first;
  unsigned bits;
};

Range range_of(std::uint64_t bucket) noexcept {
  const bool negative = bucket >= kFirstNegative;
  const std::uint64_t mirrored = negative ? bucket - kFirstNegative : bucket;
  const std::uint64_t octave = mirrored >> kStepBits;  // of values from 2^(octave - 1)
  const unsigned bits = octave > kStepBits ? static_cast<unsigned>(octave) - 1 - kStepBits : 0;
  const std::uint64_t lowest = (mirrored + (kFirstExponent << kStepBits)) << kDroppedBits;
  const auto first = static_cast<std::int64_t>(std::bit_cast<double>(lowest));
  const auto width = static_cast<std::int64_t>(std::uint64_t{1} << bits);
  return {.first = negative ? -first - width : first, .bits = bits};
}

/// Calls visit(value) for each row of status 0, in order.
template <typename Visit>
inline void for_each(const Differences d,
                     Visit&& visit) {  // a copy: nothing visit() writes can change it
  const auto rows = static_cast<std::ptrdiff_t>(d.rows);
  const auto value = [d](std::ptrdiff_t row) {
    const auto end = static_cast<std::uint64_t>(d.end.first[row * d.end.stride]);
    const auto start = static_cast<std::uint64_t>(d.start.first[row * d.start.stride]);
    return static_cast<std::int64_t>(end - start);
  };
  if (d.status == nullptr) {
    for (std::ptrdiff_t row = 0; row < rows; ++row) visit(value(row));
  } else {
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
      if (d.status[row * d.status_stride] == 0) visit(value(row));
    }
  }
}

/// Zeroed memory whose pages come when they are touched: most counts never are.
template <typename T>
class LazyZeros {
 public:
  explicit LazyZeros(std::size_t size) : data_{static_cast<T*>(std::calloc(size, sizeof(T)))} {
    if (data_ == nullptr) throw Error{ErrorCode::OutOfMemory};
  }
  [[nodiscard]] T* data() const noexcept { return data_.get(); }

 private:
  struct Free {
    void operator()(T* data) const noexcept { std::free(data); }
  };
  std::unique_ptr<T, Free> data_;
};

/// Finds the steps of ascending ranks in one walk over the counts of the steps. Columns that change
/// between two passes may give a wrong answer, but the walk ends at the last step.
template <typename CountOf>
class Walk {
 public:
  Walk(std::uint64_t from, std::uint64_t last, CountOf count_of) noexcept
      : step_{from}, last_{last}, count_of_{count_of} {}

  /// The step that holds the rank; `rank` becomes the rank inside the step.
  std::uint64_t to(std::uint64_t& rank) noexcept {
    while (step_ != last_ && rank - before_ >= count_of_(step_)) before_ += count_of_(step_++);
    rank -= before_;
    return step_;
  }

 private:
  std::uint64_t step_;
  std::uint64_t last_;
  std::uint64_t before_ = 0;
  CountOf count_of_;
};

/// A range that holds wanted ranks: counted in one pass, then searched, then passed through to its
/// own splits.
struct Split {
  explicit Split(Range range)
      : first{range.first},
        step_bits{range.bits > kSplitBits ? range.bits - kSplitBits : 0},
        counts(std::size_t{1} << (range.bits - step_bits)),
        splits(counts.size()) {}

  [[nodiscard]] std::uint64_t step_of(std::int64_t value) const noexcept {
    return static_cast<std::uint64_t>(value - first) >> step_bits;
  }
  [[nodiscard]] Range range_of_step(std::uint64_t step) const noexcept {
    return {.first = first + static_cast<std::int64_t>(step << step_bits), .bits = step_bits};
  }

  std::int64_t first;
  unsigned step_bits;
  std::vector<std::uint64_t> counts;
  std::vector<std::uint8_t> splits;  // for each step the number of its split, 0 for none
};

/// A rank on its way to its value.
struct Wanted {
  std::uint64_t rank;      // among the values of the split, or of all
  std::size_t place;       // in the answer
  std::uint8_t split = 0;  // number of the split that holds it; 0: answered
};

// A wanted rank makes at most one split in each of four passes, and the number of a split must fit
// a byte.
constexpr std::size_t kMostAtOnce = 60;
constexpr std::size_t kMostSplits = 4 * kMostAtOnce;

class Selection {
 public:
  explicit Selection(const Differences& differences);

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  /// Answers at most kMostAtOnce ranks, given in ascending order.
  void answer(std::vector<Wanted> wanted, std::span<std::int64_t> answers);

 private:
  void narrow(Wanted& wanted, Range range, std::uint8_t& split, std::span<std::int64_t> answers);
  void count_new_splits(const std::uint8_t* split_of_bucket);

  const Differences& differences_;
  LazyZeros<std::uint64_t> counts_{kBucketEnd};
  std::int64_t min_ = std::numeric_limits<std::int64_t>::max();
  std::uint64_t count_ = 0;
  std::vector<Split> splits_;  // by number
  std::size_t counted_ = 0;    // from this number on they are not yet counted
};

Selection::Selection(const Differences& differences) : differences_{differences} {
  std::uint64_t* const counts = counts_.data();
  std::int64_t min = min_;
  std::uint64_t count = 0;
  for_each(differences_, [&](std::int64_t value) {
    ++counts[bucket_of(value)];
    min = std::min(min, value);
    ++count;
  });
  min_ = min;
  count_ = count;
}

void Selection::answer(std::vector<Wanted> wanted, std::span<std::int64_t> answers) {
  splits_.clear();
  splits_.reserve(kMostSplits + 1);
  splits_.emplace_back(Range{.first = 0, .bits = 0});  // number 0 means none
  counted_ = 1;
  const LazyZeros<std::uint8_t> split_of_bucket{kBucketEnd};
  Walk walk{place_of(bucket_of(min_)), 2 * kBucketsOfSign - 1,
            [this](std::uint64_t place) { return counts_.data()[bucket_at(place)]; }};
  for (Wanted& want : wanted) {
    const std::uint64_t bucket = bucket_at(walk.to(want.rank));
    narrow(want, range_of(bucket), split_of_bucket.data()[bucket], answers);
  }
  const auto answered = [](const Wanted& want) { return want.split == 0; };
  for (std::erase_if(wanted, answered); !wanted.empty(); std::erase_if(wanted, answered)) {
    count_new_splits(split_of_bucket.data());
    for (Wanted& want : wanted) {
      Split& split = splits_[want.split];
      const auto count_of = [&](std::uint64_t step) { return split.counts[step]; };
      const std::uint64_t step = Walk{0, split.counts.size() - 1, count_of}.to(want.rank);
      narrow(want, split.range_of_step(step), split.splits[step], answers);
    }
  }
}

void Selection::narrow(Wanted& wanted, Range range, std::uint8_t& split, std::span<std::int64_t> answers) {
  if (range.bits == 0) {
    answers[wanted.place] = range.first;
    wanted.split = 0;
    return;
  }
  if (split == 0) {
    split = static_cast<std::uint8_t>(splits_.size());
    splits_.emplace_back(range);
  }
  wanted.split = split;
}

void Selection::count_new_splits(const std::uint8_t* split_of_bucket) {
  Split* const splits = splits_.data();
  const std::size_t counted = counted_;
  for_each(differences_, [=](std::int64_t value) {
    for (std::size_t number = split_of_bucket[bucket_of(value)]; number != 0;) {
      Split& split = splits[number];
      const std::uint64_t step = split.step_of(value);
      if (number >= counted) {
        ++split.counts[step];
        return;
      }
      number = split.splits[step];
    }
  });
  counted_ = splits_.size();
}

}  // namespace

DifferenceSummary difference_summary(const Differences& differences) noexcept {
  std::uint64_t count = 0;
  std::int64_t min = std::numeric_limits<std::int64_t>::max();
  std::int64_t max = std::numeric_limits<std::int64_t>::min();
  std::uint64_t low = 0;
  std::int64_t high = 0;
  for_each(differences, [&](std::int64_t value) {
    ++count;
    min = std::min(min, value);
    max = std::max(max, value);
    const auto addend = static_cast<std::uint64_t>(value);
    low += addend;
    high += (low < addend ? 1 : 0) - (value < 0 ? 1 : 0);
  });
  if (count == 0) return {};
  return {.count = count, .min = min, .max = max, .sum_high = high, .sum_low = low};
}

std::vector<std::int64_t> order_statistics(const Differences& differences, std::span<const std::int64_t> ranks) {
  std::vector<std::int64_t> answers(ranks.size());
  if (ranks.empty()) return answers;
  Selection selection{differences};
  for (const std::int64_t rank : ranks) {
    if (rank < 0 || static_cast<std::uint64_t>(rank) >= selection.count()) throw Error{ErrorCode::InvalidRank};
  }
  std::vector<std::size_t> ascending(ranks.size());
  std::iota(ascending.begin(), ascending.end(), std::size_t{0});
  std::ranges::sort(ascending, {}, [&](std::size_t place) { return ranks[place]; });
  for (std::size_t first = 0; first < ascending.size(); first += kMostAtOnce) {
    std::vector<Wanted> wanted;
    for (std::size_t i = first; i < std::min(first + kMostAtOnce, ascending.size()); ++i) {
      wanted.push_back({.rank = static_cast<std::uint64_t>(ranks[ascending[i]]), .place = ascending[i]});
    }
    selection.answer(std::move(wanted), answers);
  }
  return answers;
}

}  // namespace loadgen
