# SPDX-License-Identifier: Apache-2.0
"""MLPerf's conf files in, MLPerf's logs out; scripts for its LoadGen need only another command."""

import tempfile
from pathlib import Path

import loadgen as lg

CONF = """\
*.Server.target_qps = 500
*.Server.target_latency = 15
*.Server.min_duration = 1000
*.Server.min_query_count = 500
"""


def main() -> None:
    """Run what a user.conf asks for, over the table that is built into LoadGen."""
    folder = Path(tempfile.mkdtemp())
    (folder / "user.conf").write_text(CONF, encoding="utf-8")
    scenario, settings = lg.mlperf.load_conf(
        folder / "user.conf", model="resnet50", scenario="Server"
    )
    result = lg.run(lambda samples: None, 1024, scenario, settings)
    lg.mlperf.write_logs(result, folder / "logs")
    print(result.summary())

    logs = lg.mlperf.read_logs(folder / "logs")
    assert logs.summary is not None
    print("mlperf_log_summary.txt says", logs.summary["Result is"])


if __name__ == "__main__":
    main()
