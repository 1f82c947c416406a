# SPDX-License-Identifier: Apache-2.0
"""The options of ``loadgen run``: one for each knob of a scenario and each field of the settings.

An option is called as its field, with dashes. Its text becomes a plain value here, and is judged
where every value is judged, by the scenario and the settings: ``--min-queries -1`` is told the same
as ``min_queries = -1`` in a file.

Not here: what is done with the values (``job.py``).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Annotated, Final

import typer

from loadgen.cli.completion import is_asked
from loadgen.config.arrivals import ARRIVALS
from loadgen.config.conversations import Conversations
from loadgen.config.knobs import Knobs
from loadgen.config.scenarios import SCENARIOS
from loadgen.errors import Problem, SettingsError

__all__ = [
    "ARRIVAL_FIELDS",
    "CONVERSATION_FIELDS",
    "KNOBS",
    "OPENAI",
    "SETTINGS",
    "Field",
    "option_name",
    "plain",
    "with_options",
]


@dataclass(frozen=True, slots=True)
class Field:
    """A field that may be given on the command line.

    Parameters
    ----------
    name : str
        Of the knob or setting; dotted where it is nested.
    metavar : str
        What stands for its value in the help. Empty: a switch.
    text : str
        What it is.
    """

    name: str
    metavar: str
    text: str

    @property
    def parameter(self) -> str:
        """Name of the command's parameter."""
        return self.name.replace(".", "_")


ARRIVAL_FIELDS: Final = (
    Field("burstiness", "SHAPE", "Gamma arrivals: 1 is Poisson, below 1 burstier."),
    Field("timestamps_s", "FILE", "Replayed arrivals: a text file, one instant in s a line."),
    Field("speed", "X", "Replayed arrivals: so many times as fast."),
    Field("steps", "F:S,...", "Arrivals in steps: F times the rate for S seconds, ..."),
    Field("start", "F", "Arrivals of a ramp: begins at F times the rate."),
    Field("stop", "F", "Arrivals of a ramp: ends at F times the rate."),
    Field("duration_s", "S", "Arrivals of a ramp: how long the rate changes."),
)
"""Knobs of the arrivals, which are a table in a file."""

CONVERSATION_FIELDS: Final = (
    Field("think_time_s", "S", "Conversations: mean time from an answer to the next turn."),
    Field("distribution", "NAME", "Conversations: think times are exponential or constant."),
)
"""Knobs of the conversations, which are a table in a file."""

KNOBS: Final = (
    Field("target_qps", "QPS", "Mean rate of the arrivals."),
    Field("target_latency_ms", "MS", "Limit of the latency at the target percentile."),
    Field("target_percentile", "P", "Percentile that is reported, and where limits hold."),
    Field("arrivals", "NAME", f"Arrival process: {', '.join(ARRIVALS)}."),
    *ARRIVAL_FIELDS,
    Field("conversations", "", "What arrives are conversations, as the dataset has them."),
    *CONVERSATION_FIELDS,
    Field("coalesce", "", "Hand all queries that are due to the system in one call."),
    Field("max_outstanding", "N", "More unanswered queries end the run."),
    Field(
        "target_ttft_ms",
        "MS",
        "Limit of the time to the first token; needs tokens.",
    ),
    Field(
        "target_tpot_ms",
        "MS",
        "Limit of the time per further token; needs tokens.",
    ),
    Field("samples_per_query", "N", "Samples of each query."),
    Field("expected_latency_ms", "MS", "Plan by MLPerf's rule, from the latency of a query."),
    Field("expected_qps", "QPS", "Size the query by MLPerf's rule, from the expected rate."),
    Field("n_samples", "N", "Samples of the query."),
    Field("concurrency", "N", "Samples that are always outstanding."),
)

SETTINGS: Final = (
    Field("mode", "MODE", "performance, accuracy, or submission, which is both."),
    Field("min_duration_s", "S", "A shorter run is invalid."),
    Field("max_duration_s", "S", "A longer run is ended."),
    Field("min_queries", "N", "Fewer queries make the run invalid (Offline: samples)."),
    Field("max_queries", "N", "So many queries end the run."),
    Field("seeds.qsl", "SEED", "Which samples are loaded, and in which order."),
    Field("seeds.sample_index", "SEED", "Which loaded sample each query asks for."),
    Field("seeds.schedule", "SEED", "When queries are due."),
    Field("seeds.accuracy_log", "SEED", "Which answers are kept for the accuracy log."),
    Field("performance_sample_count", "N", "Samples loaded at once; none: as the dataset says."),
    Field("accuracy_sample_count", "N", "Samples of an accuracy run; none: all."),
    Field("sample_order", "ORDER", "random, unique, same, permutation or sequential."),
    Field("same_index", "N", "Position in the loaded set, for the order same."),
    Field("tokens", "", "Record first tokens and token counts."),
    Field("token_times", "HOW", "Count gaps between tokens (histogram) or keep instants (exact)."),
    Field("inferred_tokens_per_sample", "N", "Infer token figures from so many tokens a sample."),
    Field("accuracy_log_probability", "P", "Share of the answers to keep; 0 to 1."),
    Field("accuracy_log_target", "N", "Keep about so many answers; instead of the share."),
    Field("warmup_queries", "N", "Queries before the clock starts; not recorded."),
    Field("on_error", "WHAT", "An exception ends the run (stop) or fails its samples (fail)."),
    Field("max_failed_share", "P", "A larger share of failed samples is invalid; 0 to 1."),
    Field("drain_timeout_s", "S", "Give up when no answer has come for so long; none: never."),
    Field("pacing", "HOW", "Wait for due times by: auto, spin or sleep."),
    Field("priority", "LEVEL", "Of the issuing thread: normal, high or realtime."),
    Field("cpu", "N", "Processor that the issuing thread is kept on."),
    Field("issue_threads", "N", "Threads that issue Server's queries."),
    Field("recording", "HOW", "What is kept: rows or histogram."),
    Field("gc", "WHAT", "Python's garbage collector while the clock runs: leave or freeze."),
    Field("nonce", "TEXT", "Of a round: stands in the logs, and begins the chain over the rows."),
)

OPENAI: Final = (
    Field("openai", "URL", "An OpenAI-compatible server, such as http://127.0.0.1:8000/v1."),
    Field("model", "NAME", "The model's name there."),
    Field("api", "API", "chat or completions. Default: chat."),
    Field("stream", "", "Answers come token by token. Default: yes."),
    Field("max_tokens", "N", "Of each answer, where a prompt does not say. Default: none."),
    Field("extra", "JSON", 'Further fields of each request: {"temperature": 0}.'),
    Field("api_key_env", "NAME", "The variable that has the API key. Default: OPENAI_API_KEY."),
    Field("max_connections", "N", "Requests at once; others wait. Default: 10,000 or ulimit -n."),
    Field("connect_timeout_s", "S", "Limit of opening a connection. Default: 10."),
    Field("first_token_timeout_s", "S", "Limit until the first token. Default: none."),
    Field("total_timeout_s", "S", "Limit of a whole answer. Default: none."),
    Field("max_retries", "N", "Send again what failed before any token. Default: 0."),
    Field("probe", "", "Ask for the models and a short answer first. Default: yes."),
)
"""Arguments of the system `loadgen.sut.openai.OpenAISUT`, a table ``[sut]`` in a file."""


def option_name(field: str) -> str:
    """Return the option of a field.

    Examples
    --------
    >>> option_name("seeds.qsl")
    '--seeds-qsl'
    """
    return "--" + field.replace(".", "-").replace("_", "-")


def plain(name: str, text: str | bool) -> object:
    """Return the plain value that an option's text stands for.

    Parameters
    ----------
    name : str
        Of the field.
    text : str or bool
        As given; a bool of a switch.

    Examples
    --------
    >>> plain("min_queries", "270_336"), plain("cpu", "none"), plain("mode", "accuracy")
    (270336, None, 'accuracy')
    """
    if isinstance(text, bool):
        return text
    if name == "timestamps_s":
        return _numbers_in(text)
    if name == "steps":
        return [tuple(map(_number, step.split(":"))) for step in text.split(",")]
    if text == "none":
        return None
    return text if name == "nonce" else _number(text)


def _number(text: str) -> int | float | str:
    """Return the number that a text is, or else the text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _numbers_in(path: str) -> list[float]:
    try:
        return [float(line) for line in Path(path).read_text(encoding="utf-8").split()]
    except (OSError, ValueError) as error:
        allowed = f"a text file with one number a line; {error}"
        raise SettingsError([Problem("timestamps_s", path, allowed)]) from error


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, in place of its ``**options``, an option for each field.

    Parameters
    ----------
    command : callable
        Its last parameter is ``**options``: parameter name to text, those that were given.
    """
    signature = inspect.signature(command, eval_str=True)
    own = list(signature.parameters.values())[:-1]
    made = [
        inspect.Parameter(
            field.parameter,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=_annotation(field, default_of(field.name)),
        )
        for table, default_of in (
            (OPENAI, lambda name: ""),
            (KNOBS, _default_of_knob),
            (SETTINGS, _default_of_setting),
        )
        for field in table
    ]
    command.__signature__ = signature.replace(  # type: ignore[attr-defined]  # how inspect is told
        parameters=[*own, *made]
    )
    return command


def _annotation(field: Field, default: str) -> object:
    option, shown = option_name(field.name), f"{field.text} ({default})" if default else field.text
    if not field.metavar:
        return Annotated[bool | None, typer.Option(f"{option}/--no-{option[2:]}", help=shown)]
    return Annotated[str | None, typer.Option(option, metavar=field.metavar, help=shown)]


def _default_of_setting(name: str) -> str:
    if is_asked():
        return ""  # Tab waits for no pydantic

    from loadgen.config.settings import Seeds, Settings  # noqa: PLC0415

    outer, _, inner = name.partition(".")
    model = Seeds if inner else Settings
    return f"default: {_written(model.model_fields[inner or outer].default)}"


def _default_of_knob(name: str) -> str:
    """Return the scenarios, or else the arrivals, that have a knob, with its default in each."""
    kinds: Iterable[type[Knobs]] = [*SCENARIOS.values(), *ARRIVALS.values(), Conversations]
    defaults: dict[str, list[str]] = {}
    for kind in kinds:
        for each in fields(kind):  # type: ignore[arg-type]  # every kind is a dataclass
            if each.name == name:
                defaults.setdefault(_written(each.default), []).append(kind.name)
    return "; ".join(f"{', '.join(names)}: {default}" for default, names in defaults.items())


def _written(default: object) -> str:
    if default is MISSING:
        return "must be given"
    if default is None:
        return "none"
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, Knobs):
        return default.name
    return f"{default:g}" if isinstance(default, float) else str(default)
