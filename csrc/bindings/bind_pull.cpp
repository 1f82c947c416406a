// SPDX-License-Identifier: Apache-2.0
// Pull: batches for whoever takes them, in this process and in others.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "batch.hpp"
#include "bindings.hpp"
#include "engine.hpp"
#include "shared_record.hpp"

namespace loadgen::bindings {

namespace {

using namespace pybind11::literals;

// Takes rows, giving up the interpreter's lock and looking for signals every kPollPeriod while it waits.
py::object take(const py::object& self, std::uint64_t max_size, std::int64_t max_wait_ns,
                std::optional<std::int64_t> timeout_ns, const std::vector<std::uint64_t>& preferred) {
  Engine& engine = py::cast<Engine&>(self);
  engine.require_usable();
  if (max_size == 0) throw py::value_error("max_size must be at least 1, got 0");
  Batcher& batcher = engine.run().batcher();
  const Instant start = engine.record().clock().now();
  TakeRequest request{max_size, Duration{max_wait_ns}, start, preferred};
  std::optional<RowRange> rows = batcher.take(request);
  while (!rows && !batcher.finished()) {
    const Instant now = engine.record().clock().now();
    if (timeout_ns && now >= start + Duration{*timeout_ns}) return py::none();
    request.deadline = now + kPollPeriod;
    if (timeout_ns) request.deadline = std::min(*request.deadline, start + Duration{*timeout_ns});
    {
      const py::gil_scoped_release released;
      rows = batcher.take(request);
    }
    if (!rows && PyErr_CheckSignals() != 0) throw py::error_already_set();
  }
  if (!rows) return py::none();
  PyObject* batch = new_batch(self.ptr(), engine, *rows);
  if (batch == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(batch);
}

py::dict batch_sizes(Engine& engine) {
  py::dict sizes;
  for (std::size_t size = 1; size <= Batcher::kLargestCounted; ++size) {
    const std::uint64_t count = engine.run().batcher().batches_of(size);
    if (count > 0) sizes[py::int_(size)] = count;
  }
  return sizes;
}

SharedRecord share(Engine& engine) {
  engine.require_usable();
  engine.share();
  return SharedRecord::of(engine.run(), getpid());
}

std::vector<std::pair<std::uint16_t, std::int64_t>> takers(Engine& engine) {
  std::vector<std::pair<std::uint16_t, std::int64_t>> found;
  engine.run().batcher().takers().for_each(
      [&](std::uint16_t taker, std::int64_t process) { found.emplace_back(taker, process); });
  return found;
}

// Hands the open rows of a taker that is gone out again, and frees its number.
std::uint64_t release(Engine& engine, std::uint16_t taker) {
  engine.require_usable();
  const py::gil_scoped_release released;
  const std::uint64_t rows = engine.run().batcher().release(taker);
  engine.run().batcher().takers().free(taker);
  return rows;
}

Payload& kept(Engine& engine) {
  Payload* payload = engine.record().payload();
  if (payload == nullptr) throw py::value_error("the run keeps no answers");
  return *payload;
}

std::size_t kind_number(Engine& engine, const std::string& kind) {
  if (const auto number = kept(engine).kinds_table().find_or_add(kind)) return *number;
  throw py::value_error("the answers have more than 65,536 different dtypes and shapes: return them as bytes");
}

std::vector<std::string> kinds(Engine& engine) {
  std::vector<std::string> names;
  kept(engine).kinds_table().for_each([&](std::size_t number, std::string_view kind, std::uint64_t, std::string_view) {
    names.resize(number + 1);
    names[number] = kind;
  });
  return names;
}

}  // namespace

void bind_pull(py::class_<Engine>& engine) {
  engine.def("take", &take, "max_size"_a, "max_wait_ns"_a = 0, "timeout_ns"_a = py::none(),
             "preferred"_a = py::tuple());
  engine.def_property_readonly("finished", [](Engine& self) { return self.run().batcher().finished(); });
  engine.def("finish", [](Engine& self) {
    self.require_usable();
    self.run().batcher().finish();
  });
  engine.def("batch_sizes", &batch_sizes);
  engine.def(
      "ring",
      [](Engine& self, int eventfd) {
        self.require_usable();
        self.run().batcher().ring(eventfd);
      },
      "eventfd"_a);
  engine.def("arm", [](Engine& self) { self.run().batcher().arm(); });
  // Several processes.
  engine.def("share", &share);
  engine.def_property_readonly("shared", [](Engine& self) { return self.record().shared(); });
  engine.def("takers", &takers);
  engine.def_property_readonly("joined", [](Engine& self) { return self.run().batcher().takers().joined(); });
  engine.def("release", &release, "taker"_a);
  engine.def_property_readonly("ended", [](Engine& self) { return self.run().batcher().ended(); });
  engine.def("stop_taking", [](Engine& self) {
    const py::gil_scoped_release released;
    self.run().batcher().stop_taking();
  });
  engine.def("leave", [](Engine& self) {
    const py::gil_scoped_release released;
    self.run().batcher().leave();
  });
  engine.def("open_rows", [](Engine& self) {
    const py::gil_scoped_release released;
    return self.run().batcher().open_rows();
  });
  engine.def("ask_to_start", [](Engine& self) { self.run().batcher().takers().ask_to_start(); });
  engine.def_property_readonly("start_asked",
                               [](Engine& self) { return self.run().batcher().takers().asked_to_start(); });
  engine.def(
      "ask_to_abort",
      [](Engine& self, const std::string& reason) { self.run().batcher().takers().ask_to_abort(reason); }, "reason"_a);
  engine.def_property_readonly("abort_asked", [](Engine& self) { return self.run().batcher().takers().abort_asked(); });
  engine.def("kind_number", &kind_number, "kind"_a);
  engine.def("kinds", &kinds);
}

}  // namespace loadgen::bindings
