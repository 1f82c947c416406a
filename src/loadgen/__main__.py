# SPDX-License-Identifier: Apache-2.0
"""``python -m loadgen``: the command line, also where its script is not on the path."""

from loadgen.cli import main

if __name__ == "__main__":
    main()
