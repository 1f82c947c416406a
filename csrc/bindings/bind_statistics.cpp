// SPDX-License-Identifier: Apache-2.0
// Order statistics and sums over columns, for Python. Conversions only:
// core/record/order_statistics.hpp says what they are.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "record/order_statistics.hpp"

namespace py = pybind11;

namespace loadgen::bindings {
namespace {

/// The argument as an array whose elements can be read where they are. Never converts, since a copy
/// of a column would be what these functions exist to avoid.
template <typename T>
py::array_t<T> column(const py::object& argument, const char* name, const char* type) {
  if (!py::isinstance<py::array_t<T>>(argument)) {
    throw py::type_error(std::string{name} + " must be a one-dimensional array of " + type + " in native byte order");
  }
  auto array = py::reinterpret_borrow<py::array_t<T>>(argument);
  constexpr auto kSize = static_cast<py::ssize_t>(sizeof(T));
  const bool aligned = array.ndim() == 1 && array.strides(0) % kSize == 0 &&
                       reinterpret_cast<std::uintptr_t>(array.data()) % alignof(T) == 0;
  if (!aligned) {
    throw py::type_error(std::string{name} + " must be a one-dimensional, aligned array of " + type);
  }
  return array;
}

/// Differences of columns, and the arrays that keep them alive.
struct Columns {
  Columns(const py::object& end_argument, const py::object& start_argument, const py::object& status_argument)
      : end{column<std::int64_t>(end_argument, "end", "int64")},
        start{column<std::int64_t>(start_argument, "start", "int64")} {
    if (!status_argument.is_none()) status = column<std::uint8_t>(status_argument, "status", "uint8");
    if (start.size() != end.size()) throw py::value_error("start must be as long as end");
    if (status && status->size() != end.size()) throw py::value_error("status must be as long as end");
  }

  [[nodiscard]] Differences differences() const {
    Differences differences{.rows = static_cast<std::size_t>(end.size()),
                            .end = {end.data(), stride(end)},
                            .start = {start.data(), stride(start)}};
    if (status) {
      differences.status = status->data();
      differences.status_stride = stride(*status);
    }
    return differences;
  }

  template <typename T>
  static std::ptrdiff_t stride(const py::array_t<T>& array) {
    return array.strides(0) / static_cast<py::ssize_t>(sizeof(T));
  }

  py::array_t<std::int64_t> end;
  py::array_t<std::int64_t> start;
  std::optional<py::array_t<std::uint8_t>> status;
};

DifferenceSummary summarise(const Differences& differences) {
  const py::gil_scoped_release released;
  return difference_summary(differences);
}

std::vector<std::int64_t> select(const Differences& differences, const std::vector<std::int64_t>& ranks) {
  const py::gil_scoped_release released;
  return order_statistics(differences, ranks);
}

[[noreturn]] void throw_rank_error(const Differences& differences, const std::vector<std::int64_t>& ranks) {
  const std::uint64_t count = summarise(differences).count;
  std::string text = "no rank";
  for (const std::int64_t rank : ranks) {
    if (rank >= 0 && std::cmp_less(rank, count)) continue;
    text = "rank " + std::to_string(rank);
    break;
  }
  throw py::index_error(text + " is out of range: ranks of " + std::to_string(count) + " values count from 0");
}

py::array_t<std::int64_t> order_statistics_of_columns(const py::object& end, const py::object& start,
                                                      const py::object& status, const py::object& ranks) {
  const Columns columns{end, start, status};
  const auto rank_column = column<std::int64_t>(ranks, "ranks", "int64");
  std::vector<std::int64_t> wanted(static_cast<std::size_t>(rank_column.size()));
  for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = rank_column.at(static_cast<py::ssize_t>(i));
  const Differences differences = columns.differences();
  try {
    const std::vector<std::int64_t> values = select(differences, wanted);
    return py::array_t<std::int64_t>(static_cast<py::ssize_t>(values.size()), values.data());
  } catch (const Error& error) {
    if (error.code() == ErrorCode::InvalidRank) throw_rank_error(differences, wanted);
    throw;
  }
}

py::tuple difference_summary_of_columns(const py::object& end, const py::object& start, const py::object& status) {
  const Columns columns{end, start, status};
  const DifferenceSummary summary = summarise(columns.differences());
  const py::int_ sum = (py::int_{summary.sum_high} << py::int_{64}) + py::int_{summary.sum_low};
  return py::make_tuple(summary.count, summary.min, summary.max, sum);
}

}  // namespace

void bind_statistics(py::module_& module) {
  module.def("order_statistics", &order_statistics_of_columns, py::arg("end"), py::arg("start"), py::arg("status"),
             py::arg("ranks"),
             "Values of end - start at the given ranks, from 0 in ascending order, over rows whose "
             "status is 0 (all when "
             "None). IndexError for a rank outside the data.");
  module.def("difference_summary", &difference_summary_of_columns, py::arg("end"), py::arg("start"), py::arg("status"),
             "(count, min, max, sum) of end - start over rows whose status is 0 (all when None); "
             "zeros when there is none.");
}

}  // namespace loadgen::bindings
