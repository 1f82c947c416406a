// SPDX-License-Identifier: Apache-2.0
// LiveFigures for Python: conversions only.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "bindings.hpp"
#include "record/live_figures.hpp"

namespace loadgen::bindings {

namespace {

std::optional<std::vector<std::int64_t>> percentiles(const DurationHistogram& histogram,
                                                     const std::vector<double>& wanted) {
  if (histogram.count() == 0) return std::nullopt;
  std::vector<std::int64_t> found;
  for (const double percentile : wanted) found.push_back(histogram.percentile(percentile / 100).count());
  return found;
}

}  // namespace

void bind_live(py::module_& module) {
  using namespace pybind11::literals;
  py::class_<LiveFigures>(module, "LiveFigures")
      .def(py::init([](Engine& engine, std::uint64_t samples_per_query, std::optional<std::int64_t> due_ns) {
             engine.require_usable();
             return LiveFigures{engine.record(), samples_per_query,
                                due_ns ? std::optional{from_stamp(*due_ns)} : std::nullopt};
           }),
           "engine"_a, "samples_per_query"_a = 1, "due_ns"_a = py::none(), py::keep_alive<1, 2>())
      .def("look", &LiveFigures::look, "n_answered"_a, py::call_guard<py::gil_scoped_release>())
      .def(
          "latency_ns",
          [](const LiveFigures& self, const std::vector<double>& wanted) {
            return percentiles(self.latency(), wanted);
          },
          "percentiles"_a)
      .def(
          "issue_delay_ns",
          [](const LiveFigures& self, const std::vector<double>& wanted) {
            return percentiles(self.issue_delay(), wanted);
          },
          "percentiles"_a)
      .def_property_readonly("failed", &LiveFigures::failed)
      .def_property_readonly("exact", &LiveFigures::exact);
}

}  // namespace loadgen::bindings
