# SPDX-License-Identifier: Apache-2.0
"""Ways out of a result, to people and to other tools.

The one place that imports upward: what makes words, pages and files stands above the result.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from loadgen.result.result import Result

__all__ = ["Outlets"]


class Outlets:
    """What a `Result` can be turned into."""

    def summary(self) -> str:
        """Return what there is to know, as text of less than 100 columns."""
        from loadgen.report import summary  # noqa: PLC0415 - upward, on use only

        return summary(_whole(self))

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the verdicts first."""
        from loadgen.report import notebook_html  # noqa: PLC0415 - upward, on use only

        return notebook_html(_whole(self))

    def report(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write a page about the run: one HTML file, for which the extra ``report`` is needed.

        Parameters
        ----------
        path : path
            An absent file; parents are made.
        overwrite : bool
            Whether a report that is there already is replaced.

        Returns
        -------
        Path
            The file, absolute.

        Raises
        ------
        LoadGenError
            It cannot be written.
        ImportError
            The extra is not installed.
        """
        from loadgen.report import html  # noqa: PLC0415 - upward, on use only

        return html.write(html.run_page(_whole(self)), path, overwrite=overwrite)

    def export(
        self,
        path: str | os.PathLike[str],
        format: str | None = None,
        *,
        overwrite: bool = False,
    ) -> Path:
        """Write a file for other tools; see `loadgen.export.export` for formats and errors."""
        from loadgen.export import export  # noqa: PLC0415 - upward, on use only

        return export(_whole(self), path, format, overwrite=overwrite)

    def to_arrow(self) -> Any:
        """Return the rows as a `pyarrow.Table`; see `loadgen.export.to_arrow`."""
        from loadgen.export import to_arrow  # noqa: PLC0415 - upward, on use only

        return to_arrow(_whole(self))

    def to_pandas(self) -> Any:
        """Return the rows as a `pandas.DataFrame`; see `loadgen.export.to_pandas`."""
        from loadgen.export import to_pandas  # noqa: PLC0415 - upward, on use only

        return to_pandas(_whole(self))

    def to_polars(self) -> Any:
        """Return the rows as a `polars.DataFrame`; see `loadgen.export.to_polars`."""
        from loadgen.export import to_polars  # noqa: PLC0415 - upward, on use only

        return to_polars(_whole(self))


def _whole(part: Outlets) -> Result:
    return cast("Result", part)
