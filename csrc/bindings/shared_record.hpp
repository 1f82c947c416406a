// SPDX-License-Identifier: Apache-2.0
// Where another process finds a run's record, as Python hands it on: (process, [(fd, bytes, key), ...], rows).
#pragma once

#include <pybind11/stl.h>

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/run.hpp"

namespace loadgen::bindings {

struct SharedRecord {
  long process = 0;
  std::vector<std::tuple<int, std::size_t, std::uint64_t>> ranges;
  std::uint64_t rows = 0;

  /// Of a run whose memory is shared.
  static SharedRecord of(Run& run, long process) {
    SharedRecord shared{process, {}, run.record().capacity()};
    for (const SharedRange& range : run.settings().ranges.made())
      shared.ranges.emplace_back(range.fd, range.bytes, range.key);
    return shared;
  }
  /// Makes `settings` those of a run that takes and answers rows of the other process's.
  void attach(RunSettings& settings) const {
    std::vector<SharedRange> made;
    for (const auto& [fd, bytes, key] : ranges) made.push_back({fd, bytes, key});
    settings.ranges = Ranges{process, std::move(made)};
    settings.record.max_rows = rows;
  }
};

}  // namespace loadgen::bindings

template <>
struct pybind11::detail::type_caster<loadgen::bindings::SharedRecord> {
  using Fields = std::tuple<long, decltype(loadgen::bindings::SharedRecord::ranges), std::uint64_t>;
  PYBIND11_TYPE_CASTER(loadgen::bindings::SharedRecord, const_name("tuple[int, list[tuple[int, int, int]], int]"));

  bool load(handle source, bool convert) {
    make_caster<Fields> fields;
    if (!fields.load(source, convert)) return false;
    std::tie(value.process, value.ranges, value.rows) = cast_op<Fields>(fields);
    return true;
  }
  static handle cast(const loadgen::bindings::SharedRecord& shared, return_value_policy policy, handle parent) {
    return make_caster<Fields>::cast(Fields{shared.process, shared.ranges, shared.rows}, policy, parent);
  }
};
