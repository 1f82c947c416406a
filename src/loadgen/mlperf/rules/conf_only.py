# SPDX-License-Identifier: Apache-2.0
"""Rows of a conf file that no benchmark of a round makes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from loadgen.mlperf.rules.tables import Number, Table

__all__ = ["ConfOnly"]


class ConfOnly(Table):
    """Rows of a conf file that no benchmark of a round makes: ``conf_only.toml``.

    Parameters
    ----------
    note : str
        Why there are any.
    rows : dict of str to dict of str to dict of str to int or float
        Model, scenario, key and value, as a conf file has them; ``*`` for any.
    """

    note: str = ""
    rows: dict[
        str,
        dict[
            Literal["*", "SingleStream", "MultiStream", "Server", "Offline"],
            dict[str, int | Number],
        ],
    ] = Field(default={})
