# SPDX-License-Identifier: Apache-2.0
"""Tests of the pages share how they are read."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
