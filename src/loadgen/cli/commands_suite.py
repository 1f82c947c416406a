# SPDX-License-Identifier: Apache-2.0
"""What can be typed of the suite: list, show, verify, run, audit. No logic.

Exit codes: 0 all runs are valid and meet a gate, 1 one does not; 2 wrong use, 3 one could not be
finished.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loadgen.cli.app import JSON, POWER, QUIET, as_folder, group
from loadgen.cli.ending import exit_code

suite_app = group("suite", "Benchmarks with real models and data, run by the rules of a round.")

_ROUND = typer.Option("--round", metavar="ROUND", help="Its name, or a folder of rules.")
_NAMES = typer.Argument(metavar="BENCHMARK", help="None: all that have a program here.")

DEFAULT_ROUND = "steelyard-1"


@suite_app.command("list")
def _list(
    *,
    round_: Annotated[str, _ROUND] = DEFAULT_ROUND,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """List the benchmarks of a round, and whether they can be run here."""
    from loadgen.cli.suite_rules import list_benchmarks

    raise typer.Exit(exit_code(lambda: list_benchmarks(round_, as_json=as_json)))


@suite_app.command("show")
def _show(
    name: Annotated[str, typer.Argument(metavar="BENCHMARK", help="Its name.")],
    *,
    round_: Annotated[str, _ROUND] = DEFAULT_ROUND,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Show the rules of a benchmark: metric, gates, scenarios, limits, audits, files."""
    from loadgen.cli.suite_rules import show

    raise typer.Exit(exit_code(lambda: show(round_, name, as_json=as_json)))


_VERIFY_HELP = """Check files that benchmarks need, by their hashes; say what brings missing ones.

Exit codes: 0 each benchmark can be run here, 1 one cannot, 2 wrong use.
"""


@suite_app.command("verify", help=_VERIFY_HELP)
def _verify(
    names: Annotated[list[str] | None, _NAMES] = None,
    *,
    round_: Annotated[str, _ROUND] = DEFAULT_ROUND,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Check the files that benchmarks need, by their hashes; say what brings missing ones."""
    from loadgen.cli.suite import verify

    raise typer.Exit(exit_code(lambda: verify(round_, names or (), as_json=as_json)))


_RUN_HELP = """Run benchmarks: of each the accuracy first, then its scenarios.

\b
loadgen suite run --smoke
loadgen suite run digits --scenario Offline --output-dir results
loadgen suite run digits --sut digits=my_module:sut --target-qps digits=200

Rates that are not given are searched for. A suite that was cut off, even killed, goes on where it
was when the same command is given again.

Exit codes: 0 all runs are valid and meet a gate (of a smoke run: they are finished and meet one), 1
one does not, 2 wrong use, 3 one could not be finished.
"""


@suite_app.command("run", help=_RUN_HELP)
def _run(
    names: Annotated[list[str] | None, _NAMES] = None,
    *,
    round_: Annotated[str, _ROUND] = DEFAULT_ROUND,
    scenarios: Annotated[
        list[str] | None,
        typer.Option("--scenario", metavar="NAME", help="One of the benchmark's; may be repeated."),
    ] = None,
    system_type: Annotated[str, typer.Option(metavar="TYPE", help="edge or datacenter.")] = "edge",
    division: Annotated[
        str, typer.Option(metavar="NAME", help="closed, network or open.")
    ] = "closed",
    suts: Annotated[
        list[str] | None,
        typer.Option(
            "--sut",
            metavar="BENCHMARK=MODULE:NAME",
            help="A system of your own, with the benchmark's data and metric.",
        ),
    ] = None,
    variant: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which of the program's own systems.")
    ] = None,
    target_qps: Annotated[
        list[str] | None,
        typer.Option(metavar="BENCHMARK=QPS", help="Of Server; BENCHMARK:Interactive=QPS."),
    ] = None,
    expected_qps: Annotated[
        list[str] | None,
        typer.Option(metavar="BENCHMARK=QPS", help="What Offline is taken for, in samples/s."),
    ] = None,
    rates: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="TOML: a table a benchmark, scenarios to rates."),
    ] = None,
    nonce: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Of the round, where its files do not have it."),
    ] = None,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Seconds a run, to see that it works: no result.")
    ] = False,
    duration_s: Annotated[
        float | None,
        typer.Option("--duration", metavar="S", help="Of each run, instead of the rules' least."),
    ] = None,
    output_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", parser=as_folder, help="Default: by the name of the round."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the suite that is there.")
    ] = False,
    power: Annotated[str | None, POWER] = None,
    as_json: Annotated[bool, JSON] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> None:
    """Run benchmarks: of each the accuracy first, then its scenarios."""
    from loadgen.cli.suite import SuiteOptions, run

    options = SuiteOptions(
        round_=round_, benchmarks=names or (), scenarios=scenarios or (), system_type=system_type,
        division=division, smoke=smoke, duration_s=duration_s, suts=suts or (), variant=variant,
        target_qps=target_qps or (), expected_qps=expected_qps or (), rates=rates,
        nonce=nonce, output_dir=output_dir, overwrite=overwrite, power=power,
    )  # fmt: skip
    raise typer.Exit(exit_code(lambda: run(options, as_json=as_json, quiet=quiet)))


_AUDIT_HELP = """Run audits of a benchmark, after its runs, and say whether they passed.

\b
loadgen suite audit --all digits --results results
loadgen suite audit TEST01 digits --results results --scenario Offline
loadgen suite audit TEST04 digits --performance logs --output audits
loadgen suite audit TEST01 digits --results results --scenario Offline --verify audits/TEST01/logs

Audits of --all that are done are not run again: one that was cut off goes on where it was.

Exit codes: 0 passed, 1 failed, 2 wrong use, or runs that are not of one system, 3 it could not be
finished, or is inconclusive: neither passed nor failed.
"""


@suite_app.command("audit", help=_AUDIT_HELP)
def _audit(
    test: Annotated[
        str | None, typer.Argument(metavar="TEST", help="TEST01, TEST04, TEST05 ...")
    ] = None,
    benchmark: Annotated[str | None, typer.Argument(metavar="BENCHMARK", help="Its name.")] = None,
    *,
    every: Annotated[
        str | None,
        typer.Option(
            "--all", metavar="BENCHMARK", help="Each of its audits, of each scenario of --results."
        ),
    ] = None,
    round_: Annotated[str, _ROUND] = DEFAULT_ROUND,
    results: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            parser=as_folder,
            help="Of a suite: the runs and the system are found there.",
        ),
    ] = None,
    scenario: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose performance run is audited.")
    ] = None,
    performance: Annotated[
        Path | None,
        typer.Option(metavar="DIR", parser=as_folder, help="Logs of a performance run."),
    ] = None,
    accuracy: Annotated[
        Path | None, typer.Option(metavar="DIR", parser=as_folder, help="Logs of an accuracy run.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", parser=as_folder, help="Where the audit's folder is made."),
    ] = None,
    verify: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", parser=as_folder, help="Logs of an audit that was run: they are judged."
        ),
    ] = None,
    sut: Annotated[
        str | None,
        typer.Option("--sut", metavar="MODULE:NAME", help="Your system, instead of the program's."),
    ] = None,
    variant: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which of the program's own systems.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="With --all: those that are done, too.")
    ] = False,
    as_json: Annotated[bool, JSON] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> None:
    """Run audits of a benchmark, after its runs, and say whether they passed."""
    from loadgen.cli.audit import AuditOptions, audit

    options = AuditOptions(
        test=test, benchmark=benchmark, every=every, round_=round_, results=results,
        scenario=scenario, performance=performance, accuracy=accuracy, output=output,
        verify=verify, sut=sut, variant=variant, overwrite=overwrite,
    )  # fmt: skip
    raise typer.Exit(exit_code(lambda: audit(options, as_json=as_json, quiet=quiet)))
