// SPDX-License-Identifier: Apache-2.0
// From what a SUT passes as answers (sequences, arrays, numbers) to what the record takes.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "record/record.hpp"

namespace loadgen::bindings {

namespace py = pybind11;

/// The outputs and token counts of some samples, checked and converted as a whole before any row is answered.
class PreparedAnswer {
 public:
  PreparedAnswer() = default;
  ~PreparedAnswer();
  PreparedAnswer(const PreparedAnswer&) = delete;
  PreparedAnswer& operator=(const PreparedAnswer&) = delete;

  /// False with a Python error set when `outputs` or `n_tokens` (null or None: absent) do not fit `n` samples, or, with
  /// `keep`, when an output cannot be kept. `encode(outputs, n)` gives (kinds, buffers).
  [[nodiscard]] bool prepare(const py::object& encode, PyObject* outputs, PyObject* n_tokens, std::uint64_t n,
                             bool keep);

  [[nodiscard]] bool has_outputs() const noexcept { return !bytes_.empty(); }
  /// What `count` samples from `position` on get. Valid while this lives.
  [[nodiscard]] Answer part(std::size_t position, std::uint64_t count) const noexcept;

 private:
  bool encode_outputs(const py::object& encode, PyObject* outputs, std::uint64_t n);

  std::vector<std::int64_t> counts_;
  std::vector<std::uint16_t> kinds_;
  std::vector<std::span<const std::byte>> bytes_;
  std::vector<Py_buffer> views_;
  py::object encoded_;  // owns the buffers
};

}  // namespace loadgen::bindings
