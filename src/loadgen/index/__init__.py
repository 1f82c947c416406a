# SPDX-License-Identifier: Apache-2.0
"""Many saved runs as one table: a row a folder, whatever state the folder is in.

What is shown is what each run's `result.json` was saved with: no column of samples is read, so that
thousands of runs are no matter. Not for one run: that is `Result.load`.
"""

from loadgen.index.columns import COLUMNS, column_named
from loadgen.index.reading import Row, find_runs, read, read_run
from loadgen.index.sql import query

__all__ = ["COLUMNS", "Row", "column_named", "find_runs", "query", "read", "read_run"]
