"""How long an audit of FER2013 takes on two cores, with its report but no search for faces, and its memory."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from mien.benchmarks.measurement import Measurement
from mien.errors import DataError

CORES = 2
"""So many cores are used, however many there are; the promise is for these."""

_PROGRAM = """
import os, sys
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[2])])
import json, tempfile, time
from pathlib import Path

from mien.benchmarks.memory import peak_megabytes
from mien.data import read_dataset
from mien.data.audit import audit
from mien.data.audit.report import write_audit
face_set = read_dataset("fer2013", Path(sys.argv[1]))
started = time.perf_counter()
findings = audit(face_set)
with tempfile.TemporaryDirectory() as folder:
    write_audit(Path(folder), face_set, findings)
seconds = time.perf_counter() - started
print(json.dumps({"seconds": seconds, "peak": peak_megabytes(), "count": len(face_set)}))
"""


def measure_audit(csv_file: Path) -> list[Measurement]:
    """Return seconds and peak memory of an audit of FER2013 without a detector.

    Args:
        csv_file: The contest's CSV.

    Raises:
        DataError: If it cannot be read.
    """
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(csv_file), str(CORES)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "MIEN_CACHE": cache, "OMP_NUM_THREADS": str(CORES)},
        )
    if done.returncode:
        raise DataError(f"{csv_file}: the audit failed: {done.stderr.strip().splitlines()[-1]}")
    figures = json.loads(done.stdout)
    return [
        Measurement(f"audit of FER2013 ({figures['count']:,} rows) on {CORES} cores", figures["seconds"], "s", 30),
        Measurement("peak memory of the audit", figures["peak"], "MB", 2000),
    ]
