// SPDX-License-Identifier: Apache-2.0
// The record as NumPy arrays: read-only views without a copy, which keep the run alive. Warm-up is left out.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

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

py::dict columns(const py::object& self) {
  Engine& engine = py::cast<Engine&>(self);
  const Record& record = engine.record();
  const std::uint64_t first = engine.run().warm_up_rows();
  const std::uint64_t n = std::max(record.head(), first) - first;
  py::dict result;
  result["index"] = view(self, record.indices() + first, n);
  if (record.settings().instants == InstantColumns::None) {
    result["scheduled"] = from_series(engine, &SeriesInstants::scheduled, first, n);
    result["issued"] = from_series(engine, &SeriesInstants::issued, first, n);
  } else {
    result["issued"] = view(self, record.issued_column() + first, n);
    result["scheduled"] = record.settings().instants == InstantColumns::IssuedOnly
                              ? py::object{result["issued"]}
                              : view(self, record.scheduled_column() + first, n);
  }
  result["completed"] = view(self, record.completed_column() + first, n);
  result["status"] = view(self, record.status_column() + first, n);
  if (record.settings().tokens) {
    result["first_token"] = view(self, record.first_token_column() + first, n);
    result["n_tokens"] = view(self, record.n_tokens_column() + first, n);
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
  std::uint64_t bytes = 0;
  while (kept != nullptr && bytes < max_bytes) {
    const auto answer = kept->next(engine.outputs_taken);
    if (!answer) break;
    engine.outputs_taken = answer->end;
    if (answer->row < first) continue;
    bytes += answer->bytes.size() + sizeof(PayloadEntry);
    taken.append(py::make_tuple(answer->row - first, engine.record().indices()[answer->row],
                                py::bytes(reinterpret_cast<const char*>(answer->bytes.data()), answer->bytes.size())));
  }
  if (kept != nullptr && kept->recycles()) kept->forget(engine.outputs_taken);
  return taken;
}

std::uint64_t output_bytes_waiting(Engine& engine) {
  const Payload* kept = engine.record().payload();
  return kept == nullptr ? 0 : kept->waiting(engine.outputs_taken);
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
  engine.def("take_outputs", &take_outputs, "max_bytes"_a);
  engine.def_property_readonly("output_bytes_waiting", &output_bytes_waiting);
  engine.def_property_readonly("short_of_room", [](const Engine& self) { return self.waiting_for_room > 0; });
  engine.def("n_tokens", &n_tokens, "row"_a);
  engine.def("take_first_token", &take_first_token, "row"_a);
  engine.def_property_readonly("tag", [](const Engine& self) { return self.settings().run.record.tag; });
}

}  // namespace loadgen::bindings
