"""What ``mien doctor`` finds out: the machine, what is installed, and whether recognition works here.

Every question is asked by itself, so that a fault in one leaves the answers to the others.
"""

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mien import __version__
from mien.app.extras import EXTRA_OF_PACKAGE
from mien.errors import MienError

if TYPE_CHECKING:
    import numpy as np

    from mien.recognition.model_file import ModelFile

OK, MISSING, BROKEN = "ok", "missing", "broken"
"""States of a finding: as it should be; not there, and nothing needs it; not working, though mien needs it."""

LIGHT_PACKAGES = ("numpy", "cv2", "onnxruntime", "PIL", "typer", "rich")
"""Packages of the light install by import name."""


@dataclass(frozen=True)
class Finding:
    """One answer.

    Args:
        section: What it belongs to, such as ``engines``.
        name: What was asked.
        answer: One line.
        state: `OK`, `MISSING` or `BROKEN`.
    """

    section: str
    name: str
    answer: str
    state: str = OK

    def to_dict(self) -> dict[str, str]:
        """Return the finding as plain values, ready for JSON."""
        return asdict(self)


Question = Callable[[], Iterator[Finding]]


def examine() -> list[Finding]:
    """Return what was found out about this machine and this install, section by section; nothing is raised."""
    findings: list[Finding] = []
    for section, question in _QUESTIONS.items():
        try:
            for finding in question():
                findings.append(finding)
        except Exception as fault:  # whatever is broken, the doctor says so in a line
            findings.append(Finding(section, "fault", _one_line(fault), BROKEN))
    return findings


def _ask_machine() -> Iterator[Finding]:
    from mien.benchmarks.machine import count_cores, describe_processor, memory_gigabytes

    memory = memory_gigabytes()
    yield Finding("machine", "system", f"{platform.system()} {platform.release()} ({platform.machine()})")
    is_new = sys.version_info >= (3, 11)
    old = "" if is_new else "; mien needs 3.11 or later"
    yield Finding("machine", "Python", f"{platform.python_version()}, {sys.executable}{old}", OK if is_new else BROKEN)
    yield Finding("machine", "processor", describe_processor())
    yield Finding("machine", "cores", str(count_cores()))
    yield Finding("machine", "memory", "unknown" if memory is None else f"{memory:.1f} GB")


def _ask_packages() -> Iterator[Finding]:
    names = packages_distributions()
    yield Finding("packages", "mien", f"{__version__}, {Path(__file__).parents[1]}")
    for package in LIGHT_PACKAGES:
        try:
            import_module(package)
        except Exception as fault:  # native packages raise what they like
            yield Finding("packages", package, f"{_one_line(fault)}; install mien again: pip install mien", BROKEN)
        else:
            yield Finding("packages", package, _version_of(package, names))
    for extra in dict.fromkeys(EXTRA_OF_PACKAGE.values()):
        packages = [package for package, its_extra in EXTRA_OF_PACKAGE.items() if its_extra == extra]
        missing = [package for package in packages if find_spec(package) is None]
        if missing:
            others = f" and {len(missing) - 1} others" if len(missing) > 1 else ""
            answer = f"lacks {missing[0]}{others}; pip install 'mien[{extra}]'"
            yield Finding("packages", f"mien[{extra}]", answer, MISSING)
        else:
            versions = ", ".join(f"{package} {_version_of(package, names)}" for package in packages)
            yield Finding("packages", f"mien[{extra}]", versions)


def _ask_engines() -> Iterator[Finding]:
    from mien.recognition.engines.choice import AUTO, DEFAULT, ENGINES, FEW_PICTURES, start_engine
    from mien.recognition.engines.engine import TOLERANCES

    model_file = _default_model()
    chosen = start_engine(model_file, AUTO)
    for name in ENGINES:
        if name in chosen.passed_over:
            yield Finding("engines", name, chosen.passed_over[name], MISSING)
            continue
        engine = start_engine(model_file, name).engine
        yield Finding("engines", name, f"computes in {engine.precision}; tolerance {TOLERANCES[engine.precision]:g}")
    why = "the first of " + ", ".join(ENGINES) + " that starts here"
    yield Finding("engines", "chosen", f"{chosen.engine.name}: {why}; {DEFAULT} for fewer than {FEW_PICTURES} pictures")


def _ask_detectors() -> Iterator[Finding]:
    from mien.faces.detector import create_detector, known_weights
    from mien.recognition.default_detector import choose_detector

    for weights in known_weights():
        if weights.is_right:
            yield Finding("detectors", weights.name, f"{weights.place}")
        elif weights.is_there:
            answer = f"{weights.place}: another file than mien knows; mien weights verify {weights.name}"
            yield Finding("detectors", weights.name, answer, MISSING)
        else:
            yield Finding("detectors", weights.name, f"not there; mien weights pull {weights.name}", MISSING)
    name = choose_detector(_default_model().contract)
    create_detector(name)
    yield Finding("detectors", "default", name)


def _ask_models() -> Iterator[Finding]:
    from mien.recognition.model_file import load_model_file, shipped_models

    for name in shipped_models():
        try:
            model_file = load_model_file(name)
        except MienError as fault:
            yield Finding("models", name, _one_line(fault), BROKEN)
        else:
            classes = len(model_file.contract.expressions)
            yield Finding("models", name, f"{model_file.num_bytes / 1e6:.2f} MB, {classes} expressions")


def _ask_data() -> Iterator[Finding]:
    from mien.data.datasets.fer2013 import find_fer2013

    try:
        yield Finding("data", "fer2013", str(find_fer2013().resolve()))
    except MienError as fault:
        yield Finding("data", "fer2013", _one_line(fault), MISSING)


def _ask_folders() -> Iterator[Finding]:
    from mien.places import cache_folder, weights_folder

    for name, folder in (("cache", cache_folder()), ("weights", weights_folder())):
        standing = next(each for each in (folder, *folder.parents) if each.exists())
        if standing.is_dir() and os.access(standing, os.W_OK):
            yield Finding("folders", name, str(folder))
        else:
            answer = f"{folder} cannot be written; name another with MIEN_{name.upper()}"
            yield Finding("folders", name, answer, MISSING)


def _ask_recognition() -> Iterator[Finding]:
    """Recognise made-up faces by the engine that few pictures get, and see that the chosen one agrees."""
    import numpy as np

    from mien.recognition.engines.choice import DEFAULT
    from mien.recognition.engines.engine import TOLERANCES
    from mien.recognition.recognizer import Recognizer

    crops = _make_crops()
    recognizer = Recognizer(_default_model(), engine=DEFAULT)
    started = time.perf_counter()
    probabilities = recognizer.predict_probabilities(recognizer.prepare(crops))
    seconds = time.perf_counter() - started
    is_right = bool(np.isfinite(probabilities).all() and np.abs(probabilities.sum(axis=1) - 1).max() < 1e-4)
    answer = f"{len(crops)} made-up faces in {1000 * seconds:.0f} ms by {DEFAULT}"
    yield Finding(
        "self-test", "recognition", answer if is_right else f"{answer}, but no probabilities came", _state(is_right)
    )
    chosen = Recognizer(_default_model())
    if chosen.engine.name != DEFAULT:
        difference = float(np.abs(chosen.predict_probabilities(chosen.prepare(crops)) - probabilities).max())
        tolerance = TOLERANCES[chosen.engine.precision]
        answer = f"differs from {DEFAULT} by {difference:.1g}, {tolerance:g} is allowed"
        yield Finding("self-test", chosen.engine.name, answer, _state(difference <= tolerance))


_QUESTIONS: dict[str, Question] = {
    "machine": _ask_machine,
    "packages": _ask_packages,
    "engines": _ask_engines,
    "detectors": _ask_detectors,
    "models": _ask_models,
    "data": _ask_data,
    "folders": _ask_folders,
    "self-test": _ask_recognition,
}


def _default_model() -> "ModelFile":
    from mien.recognition.analyzer import DEFAULT_MODEL
    from mien.recognition.model_file import load_model_file

    return load_model_file(DEFAULT_MODEL)


def _make_crops() -> "list[np.ndarray]":
    """Return four crops ``(64, 64, 3)``, uint8: ovals of several brightness with eyes and a mouth."""
    import numpy as np

    row, column = np.mgrid[:64, :64]
    crops = []
    for light in (90, 130, 170, 210):
        crop = np.where(np.hypot((row - 32) / 1.3, column - 32) < 24, light, 40)
        for y, x, radius in ((24, 22, 4), (24, 42, 4), (46, 32, 6)):
            crop[np.hypot(row - y, column - x) < radius] = 20
        crops.append(np.repeat(crop[..., None], 3, axis=2).astype(np.uint8))
    return crops


def _version_of(package: str, names: Mapping[str, list[str]]) -> str:
    try:
        return version(names.get(package, [package])[0])
    except PackageNotFoundError:
        return "of unknown version"


def _state(is_right: bool) -> str:
    return OK if is_right else BROKEN


def _one_line(fault: Exception) -> str:
    text = " ".join(str(fault).split())
    return text if isinstance(fault, MienError) else f"{type(fault).__name__}: {text}"
