# SPDX-License-Identifier: Apache-2.0
"""``loadgen dashboard``: a site is built, or shown on this machine.

Not for what a site is made of (``loadgen.mlperf.dashboard``).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from loadgen.cli import ending
from loadgen.cli.output import Output
from loadgen.errors import LoadGenError
from loadgen.mlperf.dashboard import build, server_of
from loadgen.terminal import wrapped
from loadgen.values import count_in_words


def build_site(
    results: Sequence[Path],
    out: Path,
    reviewed: Sequence[Path],
    round_: str | None = None,
    *,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Build a site; return the exit code.

    Parameters
    ----------
    results, out, reviewed, round_, overwrite
        As for `loadgen.mlperf.dashboard.build`.
    as_json : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=False)
    if not (results or reviewed):
        raise ending.WrongUse("RESULTS: none given; expected files or folders of results")
    try:
        processes = len(os.sched_getaffinity(0))
        with ending.as_typed({"round": "--round"}):
            built = build(
                results, out, reviewed=reviewed, round=round_, overwrite=overwrite,
                processes=processes,
            )  # fmt: skip
    except LoadGenError as error:
        said = str(error).replace("overwrite=True", "--overwrite")
        raise ending.WrongUse(said) from None
    refused = f", {built.n_refused:,} refused and not shown" if built.n_refused else ""
    empty = "The site is empty" + ("; its page About says why." if refused else ".")
    lines = [
        f"{built.path / 'index.html'}: {count_in_words(built.n_results, 'result')} of"
        f" {count_in_words(len(built.rounds), 'round')}{refused}",
        *([] if built.n_results else [empty]),
        *(f"Several results claim one place, each is shown: {each}" for each in built.claims),
        *(wrapped(each, width=output.width) for each in built.notices),
    ]
    output.say("\n".join(lines))
    return output.end(
        ending.VALID,
        site=str(built.path),
        n_results=built.n_results,
        n_refused=built.n_refused,
        rounds=[*built.rounds],
        claims=[*built.claims],
        notices=[*built.notices],
    )


def serve_site(site: Path, port: int) -> int:
    """Show a site on this machine until Ctrl-C; return the exit code.

    Parameters
    ----------
    site, port
        As for `loadgen.mlperf.dashboard.server_of`.
    """
    try:
        server = server_of(site, port)
    except LoadGenError as error:
        raise ending.WrongUse(str(error)) from None
    with server:
        print(f"http://127.0.0.1:{server.server_port}/ (Ctrl-C ends it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return ending.VALID
    return ending.VALID
