# SPDX-License-Identifier: Apache-2.0
"""Audits: runs that catch a system which is not what its figures say.

`run_audit` makes one, `verify_audit` judges logs that are there. A module each; what they share is
in ``base.py``, what their runs have beyond the performance run in ``knobs.py``.
"""

from loadgen.mlperf.audit.asked import asked
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.audit.outcome import AuditError, AuditOutcome, Finding, Verdict
from loadgen.mlperf.audit.registry import AUDITS, audits_of
from loadgen.mlperf.audit.run import audit_config, run_audit, verify_audit

__all__ = [
    "AUDITS",
    "AuditError",
    "AuditOutcome",
    "Evidence",
    "Finding",
    "Verdict",
    "asked",
    "audit_config",
    "audits_of",
    "run_audit",
    "verify_audit",
]
