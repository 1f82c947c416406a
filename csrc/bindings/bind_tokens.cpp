// SPDX-License-Identifier: Apache-2.0
// When tokens came, for Python: the gaps between them as counts, and every instant where these are kept.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "engine.hpp"

namespace loadgen::bindings {

namespace {

using namespace pybind11::literals;

// The vector becomes the array's, without a copy.
py::array_t<std::int64_t> array_of(std::vector<std::int64_t> values) {
  auto owned = std::make_unique<std::vector<std::int64_t>>(std::move(values));
  const std::vector<std::int64_t>& kept = *owned;
  const py::capsule owner{owned.release(), [](void* held) { delete static_cast<std::vector<std::int64_t>*>(held); }};
  py::array_t<std::int64_t> array{static_cast<py::ssize_t>(kept.size()), kept.data(), owner};
  array.attr("setflags")("write"_a = false);
  return array;
}

// (buckets' smallest, largest, count), smallest and largest gap.
py::object token_gaps(Engine& engine) {
  TokenTimes* tokens = engine.record().tokens();
  if (tokens == nullptr) return py::none();
  std::vector<std::int64_t> smallest;
  std::vector<std::int64_t> largest;
  std::vector<std::int64_t> counts;
  tokens->gaps().for_each([&](std::uint64_t low, std::uint64_t high, std::uint64_t count) {
    smallest.push_back(static_cast<std::int64_t>(low));
    largest.push_back(static_cast<std::int64_t>(high));
    counts.push_back(static_cast<std::int64_t>(count));
  });
  return py::make_tuple(array_of(std::move(smallest)), array_of(std::move(largest)), array_of(std::move(counts)),
                        tokens->gaps().min(), tokens->gaps().max());
}

// Where a row stands among a result's, which has those of several issuing threads in turn, one of each.
std::uint64_t position_of(const Engine& engine, std::uint64_t row) {
  std::uint64_t before = 0;
  for (const SeriesInstants& series : engine.series) {
    for (std::size_t own = 0; own < series.parts.size(); ++own) {
      const std::uint64_t number = row - series.parts[own].first;  // huge where the part comes after the row
      if (number >= series.parts[own].count) continue;
      for (std::size_t part = 0; part < series.parts.size(); ++part)
        before += std::min(series.parts[part].count, number + (part < own ? 1 : 0));
      return before;
    }
    before += series.rows.count;
  }
  return ~std::uint64_t{0};  // of the warm-up
}

// Once: the memory that it lay in is given back.
py::object take_token_times(Engine& engine, std::int64_t run_start_ns) {
  TokenTimes* tokens = engine.record().tokens();
  if (tokens == nullptr || tokens->log() == nullptr) return py::none();
  const std::uint64_t first = engine.run().warm_up_rows();
  const std::uint64_t n = std::max(engine.run().rows_issued(), first) - first;
  std::vector<std::int64_t> rows;
  std::vector<std::int64_t> at;
  {
    const py::gil_scoped_release released;
    const bool in_turn = engine.record().parts() > 1;
    TokenTable table =
        tokens->log()->by_row(n, [&](std::uint64_t row) { return in_turn ? position_of(engine, row) : row - first; });
    tokens->log()->forget();
    at = std::move(table.at);
    for (std::int64_t& instant : at) instant -= run_start_ns;
    rows.reserve(at.size());
    for (std::uint64_t row = 0; row < n; ++row)
      rows.insert(rows.end(), table.begins[row + 1] - table.begins[row], static_cast<std::int64_t>(row));
  }
  return py::make_tuple(array_of(std::move(rows)), array_of(std::move(at)));
}

}  // namespace

void bind_tokens(py::class_<Engine>& engine) {
  engine.def("token_gaps", &token_gaps);
  engine.def("take_token_times", &take_token_times, "run_start_ns"_a);
}

}  // namespace loadgen::bindings
