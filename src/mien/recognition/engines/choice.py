"""Which engine answers: the one that is named, or the fastest that is there and starts.

The recognizer starts one through here; ``mien doctor`` tells why it is this one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from mien.errors import EngineError, MienError, MissingExtraError, suggest
from mien.recognition.engines.cuda import find_cuda_obstacle, start_cuda
from mien.recognition.engines.engine import Engine
from mien.recognition.engines.onnxruntime import OnnxRuntimeEngine
from mien.recognition.engines.openvino import OpenVinoEngine
from mien.recognition.model_file import ModelFile

AUTO, DEFAULT = "auto", "onnxruntime"

FEW_PICTURES = 500
"""For fewer pictures ``auto`` starts no engine but ONNX Runtime.

Importing OpenVINO and compiling `compact` took 0.3 s of one core and 1.4 s on a busy machine, and saves about 1 ms a
face.
"""


@dataclass(frozen=True)
class EngineKind:
    """An engine that mien knows.

    Args:
        start: Starts a model file in it with so many threads, or all cores.
        find_obstacle: Says in one line why it cannot be used here; none where it can.
        extra: Extra of mien that brings it; empty where none does.
    """

    start: Callable[[ModelFile, int | None], Engine]
    find_obstacle: Callable[[], str | None]
    extra: str = ""


def _find_openvino_obstacle() -> str | None:
    return None if find_spec("openvino") else str(MissingExtraError("openvino", extra="fast"))


ENGINES: dict[str, EngineKind] = {
    "cuda": EngineKind(start_cuda, find_cuda_obstacle),
    "openvino": EngineKind(OpenVinoEngine, _find_openvino_obstacle, extra="fast"),
    DEFAULT: EngineKind(OnnxRuntimeEngine, lambda: None),
}
"""All engines, in the order in which ``auto`` tries them.

A GPU comes first: nobody has onnxruntime-gpu by accident, it computes in float32, and it gains most with the large
networks that are slow. Then OpenVINO, which is faster than ONNX Runtime on every processor tried.
"""


@dataclass(frozen=True)
class StartedEngine:
    """An engine that runs, and why no other does.

    Args:
        engine: The engine.
        passed_over: By name of each engine that ``auto`` would have preferred, why it is not this one.
    """

    engine: Engine
    passed_over: dict[str, str]


def check_engine(name: str) -> None:
    """Check that a name is an engine's or ``auto``.

    Args:
        name: The name.

    Raises:
        EngineError: If it is not.
    """
    if name != AUTO and name not in ENGINES:
        raise EngineError(f"unknown engine {name!r}{suggest(name, [AUTO, *ENGINES])}")


def start_engine(
    model_file: ModelFile, name: str = AUTO, *, threads: int | None = None, num_pictures: int | None = None
) -> StartedEngine:
    """Return a model file's network, ready to answer.

    Args:
        model_file: The model.
        name: An engine, or ``auto``: the fastest that starts, or ONNX Runtime where few pictures are to come.
        threads: Threads of the network; all cores where none is given.
        num_pictures: How many pictures are to come; none where that is not known, or many.

    Raises:
        EngineError: If no engine goes by that name, or the one that is named cannot be used here.
        MissingExtraError: If the one that is named is not installed.
        ModelFileError: If the network cannot be loaded.
    """
    check_engine(name)
    if name != AUTO:
        _check_usable(name)
        return StartedEngine(ENGINES[name].start(model_file, threads), {})
    if num_pictures is not None and num_pictures < FEW_PICTURES:
        return StartedEngine(ENGINES[DEFAULT].start(model_file, threads), {})
    passed_over: dict[str, str] = {}
    for preferred in list(ENGINES)[:-1]:
        started = _try(preferred, model_file, threads=threads, passed_over=passed_over)
        if started is not None:
            return StartedEngine(started, passed_over)
    return StartedEngine(ENGINES[DEFAULT].start(model_file, threads), passed_over)


def _check_usable(name: str) -> None:
    obstacle = ENGINES[name].find_obstacle()
    if obstacle is None:
        return
    if ENGINES[name].extra:
        raise MissingExtraError(name, extra=ENGINES[name].extra)
    raise EngineError(f"engine {name!r}: {obstacle}")


def _try(name: str, model_file: ModelFile, *, threads: int | None, passed_over: dict[str, str]) -> Engine | None:
    """Return the engine, or none where it is not there or fails, whatever way it does, and say why."""
    try:
        obstacle = ENGINES[name].find_obstacle()
        if obstacle is None:
            return ENGINES[name].start(model_file, threads)
    except MienError as fault:
        obstacle = str(fault)
    except Exception as fault:  # a package of native code may raise anything when it is imported
        obstacle = f"does not start: {type(fault).__name__}: {fault}"
    passed_over[name] = " ".join(obstacle.split())
    return None
