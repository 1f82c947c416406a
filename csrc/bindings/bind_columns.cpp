// SPDX-License-Identifier: Apache-2.0
// The record as NumPy arrays: read-only views without a copy, which keep the run alive. Warm-up is left out.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "bindings.hpp"
#include "engine.hpp"

namespace loadgen::bindings {

namespace {

using namespace pybind11::literals;

py::array read_only(py::array array) {
  array.attr("setflags")("write"_a = false);
  return array;
}

template <typename T>
py::array view(const py::object& owner, const T* data, std::uint64_t n) {
  return read_only(py::array_t<T>(static_cast<py::ssize_t>(n), data, owner));
}

// The rows of each series in the order of its queries, where several threads wrote them: each of them one in turn.
template <typename T>
py::array merged(const Engine& engine, const T* column, std::uint64_t n) {
  py::array_t<T> all{static_cast<py::ssize_t>(n)};
  T* out = all.mutable_data();
  for (const SeriesInstants& series : engine.series) {
    std::uint64_t longest = 0;
    for (const RowRange& part : series.parts) longest = std::max(longest, part.count);
    for (std::uint64_t i = 0; i < longest; ++i)
      for (const RowRange& part : series.parts)
        if (i < part.count) *out++ = column[part.first + i];
  }
  return read_only(std::move(all));
}

// One value for all rows: a view that takes no step.
py::array repeated(std::int64_t value, std::uint64_t n) {
  py::array_t<std::int64_t> one{1};
  *one.mutable_data() = value;
  return read_only(
      py::array(py::dtype::of<std::int64_t>(), {static_cast<py::ssize_t>(n)}, {py::ssize_t{0}}, one.data(), one));
}

// Offline keeps its instants a series, not a row.
py::array from_series(const Engine& engine, std::int64_t SeriesInstants::* instant, std::uint64_t first,
                      std::uint64_t n) {
  if (engine.series.size() == 1) return repeated(engine.series.front().*instant, n);
  py::array_t<std::int64_t> column{static_cast<py::ssize_t>(n)};
  std::int64_t* out = column.mutable_data();
  std::fill(out, out + n, 0);
  for (const SeriesInstants& series : engine.series)
    std::fill_n(out + (series.rows.first - first), series.rows.count, series.*instant);
  return read_only(std::move(column));
}

// A kind of duration, for Python: (buckets' smallest, largest, count), count, 128 bits of sum, min, max, above the
// limit.
py::tuple figures_of(const DurationTally& tally) {
  std::vector<std::int64_t> smallest;
  std::vector<std::int64_t> largest;
  std::vector<std::int64_t> counts;
  tally.histogram.for_each([&](std::uint64_t low, std::uint64_t high, std::uint64_t count) {
    smallest.push_back(static_cast<std::int64_t>(low));
    largest.push_back(static_cast<std::int64_t>(high));
    counts.push_back(static_cast<std::int64_t>(count));
  });
  const auto array = [](const std::vector<std::int64_t>& values) {
    return read_only(py::array_t<std::int64_t>(static_cast<py::ssize_t>(values.size()), values.data()));
  };
  const bool any = tally.histogram.count() > 0;
  return py::make_tuple(array(smallest), array(largest), array(counts), tally.sum_low, tally.sum_high,
                        any ? tally.min : 0, tally.histogram.max().count(), tally.above_limit);
}

py::object tally(Engine& engine) {
  const Tally* tally = engine.run().tally();
  if (tally == nullptr) return py::none();
  const Tally::Counts& counts = tally->counts();
  py::dict result;
  result["counts"] =
      py::make_tuple(counts.completed, counts.failed, counts.missing, counts.n_tokens, counts.without_tokens,
                     counts.one_token, counts.good, counts.latest_done, counts.final_done);
  result["latency"] = figures_of(tally->latency());
  result["service_time"] = figures_of(tally->service_time());
  result["issue_delay"] = figures_of(tally->issue_delay());
  result["ttft"] = figures_of(tally->ttft());
  result["tpot"] = figures_of(tally->tpot());
  return result;
}

py::dict columns(const py::object& self) {
  Engine& engine = py::cast<Engine&>(self);
  const Record& record = engine.record();
  if (engine.run().tally() != nullptr) return {};
  const std::uint64_t first = engine.run().warm_up_rows();
  const std::uint64_t n = std::max(engine.run().rows_issued(), first) - first;
  const auto column = [&](const auto* data) {
    return record.parts() > 1 ? merged(engine, data, n) : view(self, data + first, n);
  };
  py::dict result;
  result["index"] = column(record.indices());
  if (record.settings().instants == InstantColumns::None) {
    result["scheduled"] = from_series(engine, &SeriesInstants::scheduled, first, n);
    result["issued"] = from_series(engine, &SeriesInstants::issued, first, n);
  } else {
    result["issued"] = column(record.issued_column());
    result["scheduled"] = record.settings().instants == InstantColumns::IssuedOnly ? py::object{result["issued"]}
                                                                                   : column(record.scheduled_column());
  }
  result["completed"] = column(record.completed_column());
  result["status"] = column(record.status_column());
  if (record.settings().tokens) {
    result["first_token"] = column(record.first_token_column());
    result["n_tokens"] = column(record.n_tokens_column());
  }
  return result;
}

py::tuple payload(const py::object& self) {
  Engine& engine = py::cast<Engine&>(self);
  const Payload* kept = engine.record().payload();
  if (kept == nullptr || kept->recycles()) {
    return py::make_tuple(py::array_t<std::int64_t>{0}, py::array_t<std::uint32_t>{0}, py::array_t<std::uint16_t>{0},
                          py::array_t<std::uint8_t>{0});
  }
  const std::uint64_t first = engine.run().warm_up_rows();
  const std::uint64_t n = std::max(engine.record().head(), first) - first;
  return py::make_tuple(view(self, kept->offsets() + first, n), view(self, kept->lengths() + first, n),
                        view(self, kept->kinds() + first, n),
                        view(self, reinterpret_cast<const std::uint8_t*>(kept->bytes()), kept->size()));
}

// Kept answers that are whole, in the order in which they came, each once: until `max_bytes` are reached, at least one.
py::list take_outputs(Engine& engine, std::uint64_t max_bytes) {
  engine.require_usable();
  py::list taken;
  Payload* kept = engine.record().payload();
  const std::uint64_t first = engine.run().warm_up_rows();
  std::uint64_t taken_until = engine.run().outputs_taken();
  std::uint64_t bytes = 0;
  while (kept != nullptr && bytes < max_bytes) {
    const auto answer = kept->next(taken_until);
    if (!answer) break;
    taken_until = answer->end;
    engine.run().set_outputs_taken(taken_until);
    if (answer->row < first) continue;
    bytes += answer->bytes.size() + sizeof(PayloadEntry);
    taken.append(py::make_tuple(answer->row - first, engine.record().indices()[answer->row],
                                py::bytes(reinterpret_cast<const char*>(answer->bytes.data()), answer->bytes.size())));
  }
  if (kept != nullptr && kept->recycles()) kept->forget(taken_until);
  return taken;
}

std::uint64_t output_bytes_waiting(Engine& engine) {
  const Payload* kept = engine.record().payload();
  return kept == nullptr ? 0 : kept->waiting(engine.run().outputs_taken());
}

// Of an answer that was taken; as it was given, where MLPerf's API gave it.
std::int64_t n_tokens(Engine& engine, std::uint64_t row) {
  std::uint32_t* column = engine.record().n_tokens_column();
  row += engine.run().warm_up_rows();
  if (column == nullptr || row >= engine.record().head()) return 0;
  const auto odd = engine.asked.odd_token_counts.find(row);
  if (odd != engine.asked.odd_token_counts.end()) return odd->second;
  // relaxed: who took the answer sees what was written before its mark
  return std::atomic_ref{column[row]}.load(std::memory_order_relaxed);
}

// Once: it is forgotten.
py::object take_first_token(Engine& engine, std::uint64_t row) {
  const auto found = engine.asked.first_tokens.extract(row + engine.run().warm_up_rows());
  if (found.empty()) return py::none();
  return py::bytes(found.mapped());
}

}  // namespace

void bind_columns(py::class_<Engine>& engine) {
  engine.def("columns", &columns);
  engine.def("payload", &payload);
  engine.def("tally", &tally);
  engine.def("take_outputs", &take_outputs, "max_bytes"_a);
  engine.def_property_readonly("output_bytes_waiting", &output_bytes_waiting);
  engine.def_property_readonly("short_of_room", [](Engine& self) { return self.run().short_of_room(); });
  engine.def("n_tokens", &n_tokens, "row"_a);
  engine.def("take_first_token", &take_first_token, "row"_a);
  engine.def_property_readonly("tag", [](const Engine& self) { return self.settings().run.record.tag; });
}

}  // namespace loadgen::bindings
