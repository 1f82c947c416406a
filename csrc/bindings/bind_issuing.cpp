// SPDX-License-Identifier: Apache-2.0
// How the generator itself did, for Python: conversions only.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <cstdint>
#include <optional>
#include <tuple>

#include "bindings.hpp"
#include "engine.hpp"

namespace loadgen::bindings {

namespace {

using namespace pybind11::literals;

// In the order of Stage.
constexpr std::array<const char*, kStages> kStageNames{"catching_up_ns", "woken_ns", "stopped_ns", "locked_ns",
                                                       "working_ns"};

std::tuple<std::uint64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t> delay_figures(
    const DurationHistogram& histogram) {
  return {histogram.count(),
          histogram.percentile(0.5).count(),
          histogram.percentile(0.9).count(),
          histogram.percentile(0.99).count(),
          histogram.percentile(0.999).count(),
          histogram.max().count()};
}

// JSON values: saved results have them.
py::list late_issues(const LateIssues& late) {
  py::list octaves;
  for (std::size_t n = 0; n < LateIssues::kOctaves; ++n) {
    const LateIssues::Octave& octave = late.octave(n);
    if (octave.count == 0) continue;
    py::dict entry;
    entry["from_ns"] = std::int64_t{1} << n;
    entry["count"] = octave.count;
    for (std::size_t stage = 0; stage < kStages; ++stage) entry[kStageNames[stage]] = octave.spent[stage].count();
    octaves.append(entry);
  }
  return octaves;
}

py::dict issuing(Engine& engine) {
  const Issuing& issuing = engine.run().issuing();
  const auto ns = [](const std::optional<Duration>& duration) {
    return duration ? std::optional{duration->count()} : std::nullopt;
  };
  py::dict result;
  result["n_due"] = issuing.n_due;
  result["n_late"] = issuing.late.count();
  result["late"] = late_issues(issuing.late);
  const auto& [n_sleeps, p50, p90, p99, p999, max] = delay_figures(issuing.wake_up_error);
  result["wake_up_error"] = py::dict("count"_a = n_sleeps, "p50_ns"_a = p50, "p90_ns"_a = p90, "p99_ns"_a = p99,
                                     "p999_ns"_a = p999, "max_ns"_a = max);
  result["in_issue_ns"] = ns(issuing.in_issue);
  result["wall_ns"] = issuing.wall.count();
  const auto& used = issuing.usage;
  const auto of = [&used](auto member) { return used ? std::optional{(*used).*member} : std::nullopt; };
  result["cpu_ns"] = ns(of(&ThreadUsage::cpu));
  result["run_queue_ns"] = ns(used ? used->run_queue_delay : std::nullopt);
  result["voluntary_switches"] = of(&ThreadUsage::voluntary_switches);
  result["involuntary_switches"] = of(&ThreadUsage::involuntary_switches);
  result["minor_faults"] = of(&ThreadUsage::minor_faults);
  result["major_faults"] = of(&ThreadUsage::major_faults);
  return result;
}

}  // namespace

void bind_issuing(py::class_<Engine>& engine) {
  engine.def("own_delay", [](Engine& self) { return delay_figures(self.run().own_delay()); });
  engine.def("blocked_delay", [](Engine& self) { return delay_figures(self.run().blocked_delay()); });
  engine.def("issuing", &issuing);
}

}  // namespace loadgen::bindings
