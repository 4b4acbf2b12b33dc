"""How quick recognition is for a person at a prompt, and how large what they installed is."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from mien.benchmarks.measurement import Measurement
from mien.errors import MienError
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
    recognizer = Recognizer(model_file, threads=1)
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


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise MienError(f"{' '.join(command[:4])} failed: {last}")
    return done.stdout


def this_python() -> Path:
    """Return the Python that runs this program."""
    return Path(sys.executable)
