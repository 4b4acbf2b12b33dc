"""How quick recognition is for a person at a prompt, and how large what they installed is."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mien.benchmarks.measurement import Measurement
from mien.errors import MienError
from mien.recognition.engines.choice import ENGINES
from mien.recognition.model_file import load_model_file
from mien.recognition.recognizer import Recognizer

_IMPORT_PROGRAM = """
import time
started = time.perf_counter()
import mien
print(time.perf_counter() - started)
"""

_SIZE_PROGRAM = """
import json, sysconfig
from pathlib import Path
folder = Path(sysconfig.get_paths()["purelib"])
left_out = ("pip", "setuptools", "_distutils_hack", "pkg_resources")
total = 0
for file in folder.rglob("*"):
    if file.is_file() and not file.relative_to(folder).parts[0].split("-")[0] in left_out:
        total += file.stat().st_size
print(json.dumps(total / 1e6))
"""


def measure_light_install(python: Path, picture: Path, *, rounds: int = 7) -> list[Measurement]:
    """Return the time of ``import mien`` and of one ``mien analyze``, and the size of the light install.

    Args:
        python: Python of an environment with the light install alone.
        picture: Picture to analyse, each time in a new process.
        rounds: Processes of each kind; the median counts.

    Raises:
        MienError: If a program fails there.
    """
    imports = [float(_run([str(python), "-c", _IMPORT_PROGRAM])) for _ in range(rounds)]
    analyses = []
    for _ in range(rounds):
        started = time.perf_counter()
        _run([str(python), "-m", "mien", "analyze", str(picture)])
        analyses.append(time.perf_counter() - started)
    size = json.loads(_run([str(python), "-c", _SIZE_PROGRAM]))
    return [
        Measurement("import mien", statistics.median(imports), "s", 0.2),
        Measurement(f"mien analyze {picture.name} in a new process", statistics.median(analyses), "s", 0.8),
        Measurement("site-packages of the light install", size, "MB", 400),
    ]


def measure_recognizer(model: str = "compact", *, rounds: int = 200) -> list[Measurement]:
    """Return the time that one face takes on one core, preparation and views included.

    Args:
        model: Shipped name or file.
        rounds: Faces, one at a time; the median counts.

    Raises:
        ModelFileError: If there is no such model.
    """
    model_file = load_model_file(model)
    recognizer = Recognizer(model_file, threads=1, engine="onnxruntime")
    height, width = model_file.contract.input_size_hw
    crop = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        recognizer.predict_probabilities(recognizer.prepare([crop]))
        seconds.append(time.perf_counter() - started)
    median = 1000 * statistics.median(seconds[rounds // 10 :])
    megabytes = model_file.num_bytes / 1e6
    return [
        Measurement(f"one face classified by {model_file.contract.name} on one core", median, "ms", 2.0),
        Measurement(f"size of {model_file.contract.name}", megabytes, "MB", 3.5),
    ]


BOUNDS = {"onnxruntime": 1400.0, "openvino": 6000.0}
"""Faces a second in batches that each engine is to classify with `compact` on two cores."""


def measure_engines(model: str = "compact", *, rounds: int = 5, num_faces: int = 512) -> list[Measurement]:
    """Return the faces a second that each engine classifies in batches on two cores, and its time for one face on one.

    Engines take turns, so that what else the machine does meets all alike. Views are included, preparation is not.

    Args:
        model: Shipped name or file.
        rounds: Batches of each engine; the median counts.
        num_faces: Faces a batch.

    Raises:
        ModelFileError: If there is no such model.
    """
    model_file = load_model_file(model)
    name = model_file.contract.name
    usable = [engine for engine in BOUNDS if ENGINES[engine].find_obstacle() is None]
    on_two, on_one = (
        [Recognizer(model_file, threads=threads, engine=engine) for engine in usable] for threads in (2, 1)
    )
    batches = dict(zip(usable, time_faces(on_two, num_faces=num_faces, rounds=rounds), strict=True))
    singles = dict(zip(usable, time_faces(on_one, num_faces=1, rounds=20 * rounds), strict=True))
    rates = [
        Measurement(
            f"{name} in batches of {num_faces} on 2 cores, {engine}",
            1 / batches[engine] if engine in batches else None,
            "faces/s",
            bound,
            is_upper=False,
        )
        for engine, bound in BOUNDS.items()
    ]
    return rates + [
        Measurement(f"one face by {name} on one core, prepared, {engine}", 1000 * seconds, "ms", 2.0)
        for engine, seconds in singles.items()
    ]


def time_faces(recognizers: Sequence[Recognizer], *, num_faces: int, rounds: int) -> list[float]:
    """Return the median seconds that a face takes each recognizer; they take turns.

    Args:
        recognizers: What is timed, one at least; all of one input.
        num_faces: Faces a batch.
        rounds: Batches that are timed, after one that is not.
    """
    contract = recognizers[0].contract
    shape = (num_faces, *contract.input_size_hw, *(() if contract.colour == "grey" else (3,)))
    faces = np.random.default_rng(0).integers(0, 256, shape).astype(contract.input_dtype)
    seconds: list[list[float]] = [[] for _ in recognizers]
    for _ in range(rounds + 1):
        for recognizer, values in zip(recognizers, seconds, strict=True):
            started = time.perf_counter()
            recognizer.predict_logits(faces)
            values.append(time.perf_counter() - started)
    return [statistics.median(values[1:]) / num_faces for values in seconds]


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise MienError(f"{' '.join(command[:4])} failed: {last}")
    return done.stdout


def this_python() -> Path:
    """Return the Python that runs this program."""
    return Path(sys.executable)
