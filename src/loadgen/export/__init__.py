# SPDX-License-Identifier: Apache-2.0
"""A result in the formats of other tools: tables, histograms, traces, metrics, a document.

Not for keeping a run (`Result.save`), nor for reading: each format has libraries for that. Optional
ones are imported when they are needed, and named extras.
"""

from loadgen.export.arrow import to_arrow
from loadgen.export.document import result_document, schema
from loadgen.export.formats import FORMATS, export
from loadgen.export.frames import to_pandas, to_polars
from loadgen.export.openmetrics import openmetrics
from loadgen.export.otlp import send_otlp

__all__ = [
    "FORMATS",
    "export",
    "openmetrics",
    "result_document",
    "schema",
    "send_otlp",
    "to_arrow",
    "to_pandas",
    "to_polars",
]
