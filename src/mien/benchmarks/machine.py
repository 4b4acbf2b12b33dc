"""The machine that gave the figures, in one line."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def describe_machine() -> str:
    """Return processor, cores, memory, system, Python and the versions that decide about speed."""
    packages = []
    for name in ("numpy", "opencv-python-headless", "onnxruntime", "torch"):
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    parts = [
        _processor(),
        f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores",
        _memory(),
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}",
        *packages,
    ]
    return ", ".join(part for part in parts if part)


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        text = facts.read_text()
        names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
        features = [name for name in ("amx_bf16", "avx512_bf16", "avx512f", "avx2") if f" {name} " in text]
        return f"{names[0] if names else platform.machine()} ({', '.join(features)})"
    return platform.processor() or platform.machine()


def _memory() -> str:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return ""
    return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 1e9:.0f} GB"
