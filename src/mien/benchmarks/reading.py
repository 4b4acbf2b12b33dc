"""How fast FER2013 is read, first from its CSV and then from the cache, and what memory that takes."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from mien.benchmarks.measurement import Measurement
from mien.errors import DataError

_PROGRAM = """
import json, sys, time
from pathlib import Path

from mien.benchmarks.memory import peak_megabytes
from mien.data import read_dataset
started = time.perf_counter()
count = len(read_dataset("fer2013", Path(sys.argv[1])))
first = time.perf_counter() - started
seconds = []
for _ in range(5):
    started = time.perf_counter()
    read_dataset("fer2013", Path(sys.argv[1]))
    seconds.append(time.perf_counter() - started)
print(json.dumps({"first": first, "cached": sorted(seconds)[2], "peak": peak_megabytes(), "count": count}))
"""


def measure_reading(csv_file: Path) -> list[Measurement]:
    """Return seconds for a first and a cached read of FER2013's CSV, and the peak memory of both.

    Args:
        csv_file: The contest's CSV.

    Raises:
        DataError: If it cannot be read.
    """
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(csv_file)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "MIEN_CACHE": cache},
        )
    if done.returncode:
        raise DataError(f"{csv_file}: reading failed: {done.stderr.strip().splitlines()[-1]}")
    figures = json.loads(done.stdout)
    return [
        Measurement(f"read FER2013's CSV ({figures['count']:,} rows)", figures["first"], "s", 2.5),
        Measurement("read FER2013 from the cache", figures["cached"], "s", 0.2),
        Measurement("peak memory of reading", figures["peak"], "MB", 1000),
    ]
