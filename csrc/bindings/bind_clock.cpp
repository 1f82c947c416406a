// SPDX-License-Identifier: Apache-2.0
// The virtual clock for Python: events are Python callables.
#include <pybind11/pybind11.h>

#include <memory>

#include "base/clock.hpp"
#include "bindings.hpp"

namespace loadgen::bindings {

namespace {

using namespace pybind11::literals;

void call_at(VirtualClock& clock, std::int64_t time_ns, py::function callback) {
  // The engine runs events without the interpreter's lock; the last copy of an event may die without it too.
  const std::shared_ptr<py::function> shared{new py::function{std::move(callback)}, [](py::function* function) {
                                               const py::gil_scoped_acquire held;
                                               delete function;
                                             }};
  clock.call_at(from_stamp(time_ns), [shared] {
    const py::gil_scoped_acquire held;
    (*shared)();
  });
}

}  // namespace

void bind_clock(py::module_& module) {
  py::class_<VirtualClock>(module, "VirtualClock")
      .def(py::init([](std::int64_t start_ns) {
             if (start_ns <= 0) throw py::value_error("start_ns must be positive, got " + std::to_string(start_ns));
             return std::make_unique<VirtualClock>(from_stamp(start_ns));
           }),
           "start_ns"_a = 1'000'000'000)
      .def_property_readonly("now_ns", [](const VirtualClock& clock) { return to_stamp(clock.now()); })
      .def("call_at", &call_at, "time_ns"_a, "callback"_a)
      .def(
          "spend",
          [](VirtualClock& clock, std::int64_t duration_ns) {
            if (duration_ns < 0)
              throw py::value_error("duration_ns must not be negative, got " + std::to_string(duration_ns));
            clock.spend(Duration{duration_ns});
          },
          "duration_ns"_a);
}

}  // namespace loadgen::bindings
