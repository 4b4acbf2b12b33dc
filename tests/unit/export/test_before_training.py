from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from mien.data.steps import ContractSteps
from mien.errors import DataError, ExportError, MienError, ModelFileError, ProtocolError, RecipeError
from mien.export import before_training as module
from mien.export.before_training import check_before_training
from mien.export.own_faces import plan_own_faces
from mien.recognition.calibrators import VectorScaling, calibrator_to_contract
from mien.recognition.model_file import load_model_file
from mien.training.training_data import read_training_data
from tests.conftest import make_patterns

Check = Callable[..., None]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Checks the plan for a folder of 20 pictures of each of two classes, with changed settings."""
    faces, labels = make_patterns(60)
    for number, (face, label) in enumerate(zip(faces, labels, strict=True)):
        if label < 2:
            inside = tmp_path / "mine" / ("happy", "sad")[label]
            inside.mkdir(parents=True, exist_ok=True)
            Image.fromarray(face).save(inside / f"{number}.png")

    def run(*changes: str, output: Path | None = None, **of_start: object) -> None:
        recipe = plan_own_faces(tmp_path / "mine", changes=changes)
        start = replace(load_model_file("compact").contract, **of_start)
        data = read_training_data(recipe.data)
        check_before_training(recipe, data, start=start, output=output, results_folder=tmp_path / "results")

    return run


def test_check_before_training_has_nothing_against_a_plan(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "build_onnx_graph", lambda *_, **__: pytest.fail("the start is such a graph"))
    check()


def test_check_before_training_lets_a_start_be_calibrated_class_by_class(check: Check) -> None:
    check(**calibrator_to_contract(VectorScaling((1.0,) * 7, (0.0,) * 7)))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            ["training.join_validation=true"],
            RecipeError,
            r"training\.join_validation leaves no faces to calibrate a model file on; leave it out",
        ),
        (
            ["data.outside=drop", "data.expressions=['happy']"],
            DataError,
            "mine-happy: happy is all there is; expected two",
        ),
        (
            ["data.options.name=fer2013"],
            ProtocolError,
            r"compact has learned from faces of 'fer2013', .* name other faces otherwise: data\.options\.name=NAME",
        ),
        (["data.options.name=é"], ProtocolError, "'é' cannot name a file"),
        (["data.prepare=['to_grey', 'zca_whiten']"], ExportError, "step 'zca_whiten' cannot be exported"),
    ],
    ids=["calibration", "classes", "seen", "name", "steps"],
)
def test_check_before_training_refuses(check: Check, changes: list[str], error: type[MienError], message: str) -> None:
    with pytest.raises(error, match=message) as raised:
        check(*changes)
    assert "\n" not in str(raised.value)


def test_check_before_training_refuses_a_place_that_cannot_be_written(check: Check, tmp_path: Path) -> None:
    with pytest.raises(MienError, match=r"mine: a folder; expected a file name, such as .*mine/faces\.onnx"):
        check(output=tmp_path / "mine")
    (tmp_path / "file").touch()
    with pytest.raises(MienError, match=r"new\.onnx: cannot be written: part of the path is a file"):
        check(output=tmp_path / "file" / "new" / "new.onnx")


def test_check_before_training_refuses_what_fits_into_no_contract(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_contract_steps", lambda _: ContractSteps((), ()))
    with pytest.raises(ModelFileError, match="'mine-from-compact': preparation must be one or more steps"):
        check()


def test_check_before_training_tries_another_network_than_the_start(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    def refuse(network: object, *, size_hw: tuple[int, int], **_: object) -> None:
        sizes.append(size_hw)
        raise ExportError("torch cannot write this network as ONNX (a reason); take another")

    monkeypatch.setattr(module, "build_onnx_graph", refuse)
    with pytest.raises(ExportError, match=r"vgg_se: torch cannot write .* ONNX \(a reason\); take another"):
        check("model.dropout=0.5")
    assert sizes == [(48, 48)]
