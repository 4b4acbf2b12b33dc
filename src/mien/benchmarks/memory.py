"""The largest memory that a process has held; programs that are measured ask for themselves."""

import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_megabytes() -> float:
    """Return the most memory this process has held, in megabytes."""
    if _STATUS.exists():  # ru_maxrss would count what the parent had before it became this program
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
