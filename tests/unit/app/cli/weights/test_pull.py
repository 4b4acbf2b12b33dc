import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mien.errors import WeightsError
from mien.faces import detector, fetching
from mien.faces.detectors import yunet
from mien.faces.weights import WeightsFile
from tests.unit.app.cli.conftest import Ran

CONTENT = b"a network"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    weights = replace(yunet.WEIGHTS, num_bytes=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr(detector, "known_weights", lambda: [weights])
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    return tmp_path


def test_pull_fetches_and_then_leaves_the_file_alone(
    run: Callable[..., Ran], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetched(weights: WeightsFile, **_: object) -> Path:
        weights.place.write_bytes(CONTENT)
        return weights.place

    monkeypatch.setattr(fetching, "fetch", fetched)
    first = run("weights", "pull", "yunet")
    assert (first.code, first.err) == (0, "")
    assert first.out.startswith(f"yunet: {folder / 'yunet_n_640_640.onnx'}, 9 bytes, Apache-2.0, from https://")
    assert run("weights", "pull", "yunet").out == f"yunet: {folder / 'yunet_n_640_640.onnx'} is there already\n"


def test_pull_tells_a_fault_in_one_line(run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(weights: WeightsFile, **_: object) -> Path:
        raise WeightsError(f"{weights.address}: cannot be fetched")

    monkeypatch.setattr(fetching, "fetch", refused)
    done = run("weights", "pull", "yunet")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "yunet_n_640_640.onnx: cannot be fetched" in done.err


def test_pull_names_what_it_does_not_know_before_fetching(run: Callable[..., Ran]) -> None:
    done = run("weights", "pull", "yunet", "vgg16")
    assert (done.code, done.err) == (2, "error: unknown weights 'vgg16'; known: yunet\n")
