// SPDX-License-Identifier: Apache-2.0
// Engine and SeriesOutcome for Python: conversions only.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "base/fork.hpp"
#include "bindings.hpp"
#include "calls.hpp"
#include "engine.hpp"
#include "names.hpp"
#include "shared_record.hpp"

namespace loadgen::bindings {

namespace {

using namespace pybind11::literals;

constexpr NameTable<KeepOutputs, 3> kKeepOutputs{
    {{"none", KeepOutputs::None}, {"chosen", KeepOutputs::Chosen}, {"all", KeepOutputs::All}}};
constexpr NameTable<Pacing, 3> kPacings{{{"auto", Pacing::Auto}, {"spin", Pacing::Spin}, {"sleep", Pacing::Sleep}}};
constexpr NameTable<Priority, 3> kPriorities{
    {{"normal", Priority::Normal}, {"high", Priority::High}, {"realtime", Priority::Realtime}}};
constexpr NameTable<bool, 2> kFailOnError{{{"stop", false}, {"fail", true}}};

std::optional<Duration> optional_duration(std::optional<std::int64_t> ns) {
  return ns ? std::optional{Duration{*ns}} : std::nullopt;
}

std::unique_ptr<Engine> make_engine(
    const std::string& scenario, std::uint16_t tag, py::object samples, py::object encode,
    const std::string& keep_outputs, bool recycle_outputs, bool tokens, bool token_times, const std::string& on_error,
    const std::string& pacing, const std::string& priority, std::optional<int> cpu, std::int64_t drain_timeout_ns,
    py::object clock, const std::optional<SharedRecord>& attach, std::uint32_t issue_threads, std::uint64_t ring_rows,
    std::uint64_t samples_per_query, std::optional<std::int64_t> latency_limit_ns,
    std::optional<std::int64_t> ttft_limit_ns, std::optional<std::int64_t> tpot_limit_ns) {
  EngineSettings settings;
  RunSettings& run = settings.run;
  run.scenario = named(kScenarios, scenario, "scenario");
  run.record.tag = tag;
  run.record.tokens = tokens;
  run.record.token_times = token_times;
  run.record.keep_outputs = named(kKeepOutputs, keep_outputs, "keep_outputs");
  run.record.recycle_outputs = recycle_outputs;
  run.record.parts = issue_threads;
  run.record.ring_rows = ring_rows;
  run.tally = {samples_per_query, optional_duration(latency_limit_ns), optional_duration(ttft_limit_ns),
               optional_duration(tpot_limit_ns)};
  if (attach) attach->attach(run);
  run.waiting.pacing = named(kPacings, pacing, "pacing");
  run.waiting.priority = named(kPriorities, priority, "priority");
  run.waiting.drain_timeout = Duration{drain_timeout_ns};
  run.thread = {run.waiting.priority, cpu};
  if (!clock.is_none()) run.virtual_clock = &py::cast<VirtualClock&>(clock);
  settings.samples = std::move(samples);
  settings.encode = std::move(encode);
  settings.clock = std::move(clock);
  settings.fail_on_error = named(kFailOnError, on_error, "on_error");
  try {
    return std::make_unique<Engine>(std::move(settings));
  } catch (const Error& error) {
    if (attach && error.code() == ErrorCode::OutOfMemory) throw Error{ErrorCode::NoSharedRecord};
    throw;
  }
}

void run_warm_up(const py::object& self, const LoadedSet& set, std::uint64_t n_queries, std::uint64_t samples_per_query,
                 const std::string& delivery, py::object target) {
  Engine& engine = py::cast<Engine&>(self);
  engine.require_usable();
  const Delivery way = named(kDeliveries, delivery, "delivery");
  Calls calls{engine, self, way, std::move(target), py::none(), std::nullopt};
  calls.use([&](const SutCalls& sut) {
    engine.run().warm_up({set.samples.data(), set.end}, n_queries, samples_per_query, way == Delivery::Pull, sut);
  });
  engine.none_answers = 0;
  calls.rethrow();
}

SeriesOutcome run_series(const py::object& self, TrafficPlan& plan, bool bounded, const SeriesSettings& settings,
                         Delivery way, py::object target, py::object flush,
                         std::optional<std::uint64_t> max_batch_size) {
  Engine& engine = py::cast<Engine&>(self);
  engine.require_usable();
  SeriesSettings series = settings;
  series.bounded = bounded;
  series.pull = way == Delivery::Pull;
  engine.outcome.reset();
  Calls calls{engine, self, way, std::move(target), std::move(flush), max_batch_size};
  SeriesOutcome outcome;
  calls.use([&](const SutCalls& sut) { outcome = engine.run().run_series(plan, series, sut); });
  engine.series.push_back({{outcome.first_row, outcome.n_rows},
                           outcome.parts,
                           to_stamp(outcome.start),
                           to_stamp(outcome.start + outcome.last_issued)});
  engine.outcome = outcome;
  calls.rethrow();
  if (outcome.failure) std::rethrow_exception(outcome.failure);
  return outcome;
}

std::pair<std::uint64_t, std::uint64_t> progress(Engine& engine) {
  engine.require_usable();
  Record& record = engine.record();
  const std::uint64_t warm_up = engine.run().warm_up_rows();
  engine.answered_below.resize(record.parts());
  std::uint64_t issued = 0;
  std::uint64_t answered = 0;
  for (std::uint32_t part = 0; part < record.parts(); ++part) {
    const std::uint64_t begin = record.part_begin(part) + (part == 0 ? warm_up : 0);
    std::uint64_t below = engine.run().first_kept(std::max(engine.answered_below[part], begin));
    const std::uint64_t head = std::max(record.head(part), begin);
    {
      const py::gil_scoped_release released;
      below = record.first_open(below, head);
      for (std::uint64_t row = below; row < head; ++row) answered += record.is_done(row) ? 1 : 0;
    }
    engine.answered_below[part] = std::max(engine.answered_below[part], below);
    issued += head - begin;
    answered += below - begin;
  }
  return {issued, answered};
}

py::dict violations(Engine& engine) {
  py::dict result;
  for (std::size_t kind = 0; kind < kViolationKinds; ++kind) {
    const auto violation = static_cast<Violation>(kind);
    const auto count = engine.record().violations().get(violation);
    if (count.count == 0) continue;
    std::string example = "id " + std::to_string(count.first_id);
    // A foreign id names no row of this run; rows of users start after the warm-up.
    const std::uint64_t row = count.first_id & ((std::uint64_t{1} << Record::kRowBits) - 1);
    if (violation != Violation::ForeignId && row >= engine.run().warm_up_rows() && engine.record().parts() == 1)
      example += " (row " + std::to_string(row - engine.run().warm_up_rows()) + ")";
    result[violation_name(violation)] = py::make_tuple(count.count, example);
  }
  return result;
}

// Systems in C may have written anything.
py::str text_of_bytes(const std::string& bytes) {
  PyObject* text = PyUnicode_DecodeUTF8(bytes.data(), static_cast<py::ssize_t>(bytes.size()), "backslashreplace");
  if (text == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(text);
}

py::dict failures(Engine& engine) {
  py::dict result;
  for (const auto& [kind, entry] : engine.record().failures().table())
    result[text_of_bytes(kind)] = py::make_tuple(entry.count, text_of_bytes(entry.example));
  return result;
}

py::list refused(Engine& engine) {
  py::list names;
  if (engine.run().priority_refused()) names.append("priority");
  if (engine.run().cpu_refused()) names.append("cpu");
  return names;
}

void bind_outcome(py::module_& module) {
  const auto ns = [](auto member) {
    return [member](const SeriesOutcome& outcome) { return (outcome.*member).count(); };
  };
  py::class_<SeriesOutcome>(module, "SeriesOutcome")
      .def_readonly("first_row", &SeriesOutcome::first_row)
      .def_readonly("n_rows", &SeriesOutcome::n_rows)
      .def_readonly("n_queries", &SeriesOutcome::n_queries)
      .def_readonly("planned_queries", &SeriesOutcome::planned_queries)
      .def_property_readonly("planned_duration_ns",
                             [](const SeriesOutcome& outcome) {
                               return outcome.planned_duration ? std::optional{outcome.planned_duration->count()}
                                                               : std::nullopt;
                             })
      .def_readonly("first_query_id", &SeriesOutcome::first_query_id)
      .def_readonly("first_sample_id", &SeriesOutcome::first_sample_id)
      .def_property_readonly("start_ns", [](const SeriesOutcome& outcome) { return to_stamp(outcome.start); })
      .def_property_readonly("last_scheduled_ns", ns(&SeriesOutcome::last_scheduled))
      .def_property_readonly("last_issued_ns", ns(&SeriesOutcome::last_issued))
      .def_property_readonly("end_ns", ns(&SeriesOutcome::end_time))
      .def_readonly("n_outstanding", &SeriesOutcome::n_outstanding)
      .def_property_readonly("end", [](const SeriesOutcome& outcome) { return series_end_name(outcome.end); });
}

}  // namespace

void bind_engine(py::module_& module) {
  watch_forks();
  bind_outcome(module);
  py::class_<Engine> engine(module, "Engine");
  engine.def(py::init(&make_engine), py::kw_only(), "scenario"_a, "tag"_a, "samples"_a = py::none(),
             "encode"_a = py::none(), "keep_outputs"_a = "none", "recycle_outputs"_a = false, "tokens"_a = false,
             "token_times"_a = false, "on_error"_a = "stop", "pacing"_a = "auto", "priority"_a = "normal",
             "cpu"_a = py::none(), "drain_timeout_ns"_a = 600'000'000'000, "clock"_a = py::none(),
             "attach"_a = py::none(), "issue_threads"_a = 1, "ring_rows"_a = 0, "samples_per_query"_a = 1,
             "latency_limit_ns"_a = py::none(), "ttft_limit_ns"_a = py::none(), "tpot_limit_ns"_a = py::none());
  engine.def("warm_up", &run_warm_up, "loaded_set"_a, "n_queries"_a, "samples_per_query"_a, py::kw_only(), "delivery"_a,
             "target"_a = py::none());
  engine.def(
      "run_series",
      [](const py::object& self, const py::object& plan, bool accuracy, const std::string& delivery, py::object target,
         std::optional<std::uint64_t> max_batch_size, std::uint64_t min_queries,
         std::optional<std::uint64_t> max_queries, std::int64_t target_duration_ns,
         std::optional<std::int64_t> max_duration_ns, std::uint64_t concurrency,
         std::optional<std::uint64_t> max_outstanding, bool coalesce, py::object flush, bool last) {
        SeriesSettings settings;
        settings.accuracy = accuracy;
        settings.last = last;
        settings.min_queries = min_queries;
        settings.max_queries = max_queries;
        settings.target_duration = Duration{target_duration_ns};
        settings.max_duration = optional_duration(max_duration_ns);
        settings.concurrency = concurrency;
        settings.max_outstanding = max_outstanding;
        settings.coalesce = coalesce;
        auto& traffic = py::cast<TrafficPlan&>(plan);
        return run_series(self, traffic, traffic.bounded(), settings, named(kDeliveries, delivery, "delivery"),
                          std::move(target), std::move(flush), max_batch_size);
      },
      "plan"_a, py::kw_only(), "accuracy"_a, "delivery"_a, "target"_a = py::none(), "max_batch_size"_a = py::none(),
      "min_queries"_a = 0, "max_queries"_a = py::none(), "target_duration_ns"_a = 0, "max_duration_ns"_a = py::none(),
      "concurrency"_a = 1, "max_outstanding"_a = py::none(), "coalesce"_a = false, "flush"_a = py::none(),
      "last"_a = true);
  // A copy: the next series writes over the member.
  engine.def_property_readonly("outcome", [](Engine& self) { return self.outcome; });
  bind_pull(engine);
  bind_answers(engine);
  engine.def("abort", [](Engine& self) {
    self.require_usable();
    self.run().abort();
  });
  engine.def("stop_issue", [](Engine& self) {
    self.require_usable();
    self.run().stop_issue();
  });
  engine.def_property_readonly("aborted", [](Engine& self) { return self.run().aborted(); });
  engine.def("close", [](Engine& self) {
    self.require_usable();
    self.close();
  });
  engine.def("progress", &progress);
  bind_columns(engine);
  bind_tokens(engine);
  engine.def("violations", &violations);
  engine.def("failures", &failures);
  engine.def_property_readonly("none_answers", [](const Engine& self) { return self.none_answers; });
  bind_issuing(engine);
  engine.def_property_readonly("requests_refused", &refused);
  engine.def_property_readonly("native_abort_reason", [](const Engine& self) {
    const auto reason = self.native_abort_reason();
    return reason ? std::optional{text_of_bytes(*reason)} : std::nullopt;
  });
}

}  // namespace loadgen::bindings
