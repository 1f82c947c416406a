// SPDX-License-Identifier: Apache-2.0
// A run of some issued samples, and its handle: what the functions of loadgen.h are tested on.
#pragma once

#include <memory>

#include "loadgen.h"
#include "native/api.hpp"
#include "native/run_handle.hpp"

namespace loadgen::test {

inline const loadgen_api& api = native_api();

inline RunSettings small_run() {
  RunSettings settings;
  settings.record.max_rows = 1 << 20;
  return settings;
}

/// Handles of the library are never freed; a test's are, since no thread is left then.
struct OpenRun {
  explicit OpenRun(const RunSettings& settings = small_run(), std::uint64_t rows = 10)
      : run{settings}, handle{std::make_unique<loadgen_run>(run)} {
    run.record().publish(rows);
  }
  ~OpenRun() { handle->close(); }
  OpenRun(const OpenRun&) = delete;
  OpenRun& operator=(const OpenRun&) = delete;

  [[nodiscard]] std::uint64_t id(std::uint64_t row) const { return run.record().id_of(row); }
  std::uint64_t violations(Violation kind) { return run.record().violations().get(kind).count; }

  mutable Run run;
  std::unique_ptr<loadgen_run> handle;
};

}  // namespace loadgen::test
