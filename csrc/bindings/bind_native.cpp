// SPDX-License-Identifier: Apache-2.0
// Systems in C for Python: addresses in, one object that a series can be delivered to.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>

#include "bindings.hpp"
#include "native/api.hpp"
#include "native/native_sut.hpp"
#include "native_sut.hpp"

// The one function that the extension exports, for whoever finds it with dlsym.
__attribute__((visibility("default"))) const loadgen_api* loadgen_get_api(std::uint32_t abi_version) {
  return abi_version == LOADGEN_ABI_VERSION ? &loadgen::native_api() : nullptr;
}

namespace loadgen::bindings {

namespace {

using namespace pybind11::literals;

template <typename Function>
Function function_at(std::uintptr_t address) noexcept {
  return reinterpret_cast<Function>(address);
}

std::unique_ptr<NativeSut> from_addresses(std::uintptr_t issue, std::uintptr_t flush, std::uintptr_t user_data,
                                          std::uintptr_t start, std::uintptr_t stop) {
  loadgen_sut sut{};
  sut.struct_size = sizeof sut;
  sut.abi_version = LOADGEN_ABI_VERSION;
  sut.user_data = reinterpret_cast<void*>(user_data);
  sut.start = function_at<decltype(sut.start)>(start);
  sut.issue = function_at<decltype(sut.issue)>(issue);
  sut.flush = function_at<decltype(sut.flush)>(flush);
  sut.stop = function_at<decltype(sut.stop)>(stop);
  return std::make_unique<NativeSut>(sut);
}

std::unique_ptr<NativeSut> from_struct(std::uintptr_t address) {
  // Its size and version come first, and are all that is known of it before they were looked at.
  const auto* given = reinterpret_cast<const loadgen_sut*>(address);
  if (given->abi_version != LOADGEN_ABI_VERSION)
    throw py::value_error("abi_version = " + std::to_string(given->abi_version) + ": this loadgen has version " +
                          std::to_string(LOADGEN_ABI_VERSION) + " of loadgen.h; compile the system with its header");
  if (given->struct_size < sizeof(loadgen_sut))
    throw py::value_error("struct_size = " + std::to_string(given->struct_size) + ": needs to be at least " +
                          std::to_string(sizeof(loadgen_sut)) + ", which is sizeof(loadgen_sut)");
  if (given->issue == nullptr) throw py::value_error("issue = null: needs a function");
  return std::make_unique<NativeSut>(*given);
}

}  // namespace

void NativeSut::start(Engine& engine) {
  if (sut_.start == nullptr) return;
  loadgen_run& handle = engine.native_handle();
  int code = 0;
  {
    const py::gil_scoped_release released;
    code = sut_.start(sut_.user_data, &native_api(), &handle);
  }
  require_success("start", code);
}

void NativeSut::stop() {
  if (sut_.stop == nullptr) return;
  int code = 0;
  {
    const py::gil_scoped_release released;
    code = sut_.stop(sut_.user_data);
  }
  require_success("stop", code);
}

void NativeSut::require_success(const char* function, int code) {
  if (code == 0) return;
  py::set_error(PyExc_RuntimeError,
                (std::string{function} + "() returned " + std::to_string(code) + ", not 0").c_str());
  throw py::error_already_set();
}

void bind_native(py::module_& module) {
  py::class_<NativeSut>(module, "NativeSut")
      .def(py::init(&from_addresses), py::kw_only(), "issue"_a, "flush"_a = 0, "user_data"_a = 0, "start"_a = 0,
           "stop"_a = 0)
      .def_static("from_struct", &from_struct, "address"_a)
      .def_property_readonly("name",
                             [](const NativeSut& self) {
                               const char* name = self.sut().name;
                               return name == nullptr ? std::optional<py::bytes>{} : py::bytes{name};
                             })
      .def("start", &NativeSut::start, "engine"_a)
      .def("stop", &NativeSut::stop);
  module.attr("DO_NOTHING") = reinterpret_cast<std::uintptr_t>(&do_nothing);
}

}  // namespace loadgen::bindings
