// SPDX-License-Identifier: Apache-2.0
// Traffic plans, for Python: digests, dry runs, tests. Conversions only: core/plan says what they
// are.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "names.hpp"
#include "plan/traffic.hpp"

namespace py = pybind11;

namespace loadgen::bindings {
namespace {

constexpr NameTable<SampleOrder, 5> kOrders{{{"random", SampleOrder::Random},
                                             {"unique", SampleOrder::Unique},
                                             {"same", SampleOrder::Same},
                                             {"permutation", SampleOrder::Permutation},
                                             {"sequential", SampleOrder::Sequential}}};
constexpr NameTable<ArrivalKind, 5> kArrivals{{{"poisson", ArrivalKind::Poisson},
                                               {"constant", ArrivalKind::Constant},
                                               {"gamma", ArrivalKind::Gamma},
                                               {"replay", ArrivalKind::Replay},
                                               {"varying", ArrivalKind::Varying}}};
constexpr NameTable<ThinkTime, 2> kThinkTimes{
    {{"exponential", ThinkTime::Exponential}, {"constant", ThinkTime::Constant}}};

using Timestamps = py::array_t<std::int64_t>;
using Pieces = std::vector<std::tuple<double, double, std::int64_t>>;  // from, to, ns

PlanSettings make_settings(const std::string& scenario, bool accuracy, const std::string& order, bool whole_sets,
                           std::uint64_t same_index, std::uint64_t samples_per_query, std::uint64_t min_query_count,
                           std::int64_t target_duration_ns, std::int64_t period_ns, bool bounded,
                           const std::string& arrivals, double target_qps, double burstiness,
                           const std::optional<Timestamps>& timestamps_ns, const Pieces& rate,
                           std::vector<std::uint32_t> turns, const std::string& think_time, std::int64_t think_time_ns,
                           std::uint64_t sample_index_seed, std::uint64_t schedule_seed,
                           std::uint64_t accuracy_log_seed, double accuracy_log_probability) {
  PlanSettings settings{.scenario = named(kScenarios, scenario, "scenario"),
                        .accuracy = accuracy,
                        .order = named(kOrders, order, "order"),
                        .whole_sets = whole_sets,
                        .same_index = same_index,
                        .samples_per_query = samples_per_query,
                        .min_query_count = min_query_count,
                        .target_duration = Duration{target_duration_ns},
                        .period = Duration{period_ns},
                        .bounded = bounded,
                        .arrivals = {.kind = named(kArrivals, arrivals, "arrivals"),
                                     .target_qps = target_qps,
                                     .burstiness = burstiness,
                                     .timestamps_ns = {},
                                     .rate = {}},
                        .conversations = {.turns = std::move(turns),
                                          .kind = named(kThinkTimes, think_time, "think_time"),
                                          .think_time = Duration{think_time_ns}},
                        .sample_index_seed = sample_index_seed,
                        .schedule_seed = schedule_seed,
                        .accuracy_log_seed = accuracy_log_seed,
                        .accuracy_log_probability = accuracy_log_probability};
  for (const auto& [from, to, ns] : rate) settings.arrivals.rate.push_back({from, to, Duration{ns}});
  if (timestamps_ns) {
    const auto timestamps = timestamps_ns->unchecked<1>();
    for (py::ssize_t i = 0; i < timestamps.shape(0); ++i) settings.arrivals.timestamps_ns.push_back(timestamps(i));
  }
  return settings;
}

/// The engine that the series of one run share.
struct AccuracyLogEngine {
  Mt19937 engine{};
};

template <typename T>
py::array_t<T> to_array(const std::vector<T>& values) {
  return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

py::array_t<std::uint32_t> view_of_samples(const py::object& owner) {
  const auto& set = owner.cast<const LoadedSet&>();
  py::array_t<std::uint32_t> view(static_cast<py::ssize_t>(set.samples.size()), set.samples.data(), owner);
  view.attr("flags").attr("writeable") = false;
  return view;
}

TrafficPlan make_plan(const PlanSettings& settings, const LoadedSet& set, AccuracyLogEngine* accuracy_log) {
  return TrafficPlan{settings, set, accuracy_log == nullptr ? nullptr : &accuracy_log->engine};
}

/// The next portion of a plan; a query may be cut between two of them.
py::tuple draw(TrafficPlan& plan, std::uint64_t max_queries, std::uint64_t max_samples) {
  std::vector<std::int64_t> due;
  std::vector<std::int64_t> sizes;
  std::vector<std::uint32_t> indices;
  std::vector<std::uint8_t> keep;
  const auto take_untaken = [&] {
    const std::size_t begin = indices.size();
    const std::size_t n = std::min<std::uint64_t>(plan.untaken(), max_samples - begin);
    indices.resize(begin + n);
    keep.resize(begin + n);
    plan.take_samples(std::span{indices}.subspan(begin), keep.data() + begin);
  };
  take_untaken();
  PlannedQuery query;
  while (due.size() < max_queries && indices.size() < max_samples && plan.next(query)) {
    due.push_back(query.due.count());
    sizes.push_back(static_cast<std::int64_t>(query.sample_count));
    take_untaken();
  }
  return py::make_tuple(to_array(due), to_array(sizes), to_array(indices), to_array(keep));
}

/// Of the next `n` or fewer conversations, one behind the other.
py::array_t<std::int64_t> draw_think_times(TrafficPlan& plan, std::uint64_t n) {
  std::vector<std::int64_t> times;
  PlannedQuery query;
  for (std::uint64_t i = 0; i < n && plan.next(query); ++i)
    for (const Duration time : plan.think_times()) times.push_back(time.count());
  return to_array(times);
}

/// What a query of the plan takes to draw, in ns: the mean over the next `n` or fewer. 0 when there is none.
double cost_ns(const TrafficPlan& plan, std::uint64_t n) {
  TrafficPlan drawn{plan};
  PlannedQuery query;
  const Instant start = Clock{}.now();
  std::uint64_t queries = 0;
  while (queries < n && drawn.next(query)) ++queries;
  const Duration took = Clock{}.now() - start;
  return queries == 0 ? 0.0 : static_cast<double>(took.count()) / static_cast<double>(queries);
}

void bind_settings(const py::module_& module) {
  py::class_<PlanSettings>(module, "PlanSettings",
                           "Effective settings of one series, as far as its plan depends on them.")
      .def(py::init(&make_settings), py::kw_only(), py::arg("scenario"), py::arg("accuracy") = false,
           py::arg("order") = "random", py::arg("whole_sets") = false, py::arg("same_index") = 0,
           py::arg("samples_per_query") = 1, py::arg("min_query_count") = 1, py::arg("target_duration_ns") = 0,
           py::arg("period_ns") = 0, py::arg("bounded") = true, py::arg("arrivals") = "poisson",
           py::arg("target_qps") = 1.0, py::arg("burstiness") = 1.0, py::arg("timestamps_ns").noconvert() = py::none(),
           py::arg("rate") = Pieces{}, py::arg("turns") = std::vector<std::uint32_t>{},
           py::arg("think_time") = "exponential", py::arg("think_time_ns") = 0, py::arg("sample_index_seed") = 0,
           py::arg("schedule_seed") = 0, py::arg("accuracy_log_seed") = 0, py::arg("accuracy_log_probability") = 0.0);
}

void bind_sets(py::module_& module) {
  py::class_<LoadedSet>(module, "LoadedSet", "Samples that are loaded together, in load order.")
      .def_property_readonly("samples", &view_of_samples, "uint32, with MultiStream's padding; read-only.")
      .def_property_readonly("end", [](const LoadedSet& set) { return set.end; }, "Length without the padding.");
  module.def("loadable_sets", &loadable_sets, py::kw_only(), py::arg("count"), py::arg("total"),
             py::arg("performance_sample_count"), py::arg("padding"), py::arg("qsl_seed"),
             "The sets that a series loads one after another; performance uses the first.");
}

}  // namespace

void bind_plan(py::module_& module) {
  bind_settings(module);
  bind_sets(module);
  py::class_<AccuracyLogEngine>(module, "AccuracyLogEngine",
                                "Draws which answers go to the accuracy log; one for all series of a run.")
      .def(py::init<>());
  py::class_<TrafficPlan>(module, "TrafficPlan", "The traffic of one series, drawn in portions.")
      .def(py::init(&make_plan), py::arg("settings"), py::arg("loaded_set"), py::arg("accuracy_log") = py::none(),
           py::keep_alive<1, 4>())
      .def("draw", &draw, py::arg("max_queries"), py::arg("max_samples"),
           "(due_ns, sizes, indices, keep): as many queries as fit. A query that does not fit is "
           "listed once, with its "
           "whole size, and continued by the next call.")
      .def("draw_think_times", &draw_think_times, py::arg("n"),
           "Of the next conversations, in ns: between the turns of the first, then of the second, ...")
      .def("cost_ns", &cost_ns, py::arg("n"), "What a query takes to draw, in ns; nothing of this plan is drawn.")
      .def("run_dry", &TrafficPlan::run_dry, "Draws the rest of a bounded plan, for the counts.")
      .def_property_readonly("query_count", &TrafficPlan::query_count)
      .def_property_readonly("sample_count", &TrafficPlan::sample_count)
      .def_property_readonly("duration_ns", [](const TrafficPlan& plan) { return plan.duration().count(); });
}

}  // namespace loadgen::bindings
