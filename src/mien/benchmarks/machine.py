"""The machine that gave the figures, in one line."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

FEATURES = ("amx_bf16", "amx_int8", "avx512_bf16", "avx512_vnni", "avx512f", "avx2")
"""Features of a processor that decide about the speed of networks."""


def describe_machine() -> str:
    """Return processor, cores, memory, system, Python and the versions that decide about speed."""
    packages = []
    for name in ("numpy", "opencv-python-headless", "onnxruntime", "openvino", "torch"):
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    memory = memory_gigabytes()
    parts = [
        describe_processor(),
        f"{count_cores()} cores",
        "" if memory is None else f"{memory:.0f} GB",
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}",
        *packages,
    ]
    return ", ".join(part for part in parts if part)


def describe_processor() -> str:
    """Return the processor's name and, where the system tells them, those of `FEATURES` that it has."""
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        text = facts.read_text()
        names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
        words = set(text.split())
        features = [name for name in FEATURES if name in words]
        return f"{names[0] if names else platform.machine()} ({', '.join(features)})"
    return platform.processor() or platform.machine()


def count_cores() -> int:
    """Return the number of cores that this program may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_gigabytes() -> float | None:
    """Return the machine's memory in gigabytes; none where the system does not tell."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
