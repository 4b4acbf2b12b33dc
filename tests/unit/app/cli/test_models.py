from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mien.app.cli import models
from mien.models import ESTIMATORS, MODELS
from mien.recognition import model_file
from mien.recognition.calibrators import IsotonicRegression, calibrator_to_contract
from tests.tiny_model import TINY_CONTRACT, write_tiny_model

DOCUMENT = Path(__file__).parents[4] / "docs" / "models.md"
Runner = Callable[..., Any]


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of the package's own models."""
    monkeypatch.setattr(model_file, "_models_folder", lambda: tmp_path)
    write_tiny_model(tmp_path / "tiny.onnx")
    write_tiny_model(tmp_path / "second.onnx", replace(TINY_CONTRACT, name="second", scores={}))
    return tmp_path


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with the light install: no torch to be found."""
    monkeypatch.setattr(models, "find_spec", lambda _: None)


@pytest.mark.usefixtures("light")
def test_models_lists_the_shipped_files(run: Runner, shipped: Path) -> None:
    ran = run("models")
    lines = [line.split() for line in ran.out.splitlines() if line.strip()]
    assert (ran.code, ran.err) == (0, "")
    assert lines[0] == ["model", "classes", "input", "size", "scores", "licence"]
    assert lines[2][:2] == ["second", "7:"]
    assert lines[3][-8:] == ["48x48", "grey", "0.1", "MB", "validation", "67.89", "%", "MIT"]
    assert lines[4] == ["note", "made", "up"]


@pytest.mark.usefixtures("light")
def test_models_names_a_broken_file_and_lists_the_others(run: Runner, shipped: Path) -> None:
    (shipped / "cut.onnx").write_bytes((shipped / "tiny.onnx").read_bytes()[:-9])
    ran = run("models")
    assert ran.code == 2
    assert "second" in ran.out
    assert ran.err.startswith(f"error: {shipped / 'cut.onnx'}: the model file is cut off at ")


@pytest.mark.usefixtures("light")
def test_models_without_any_prints_nothing(run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "_models_folder", lambda: tmp_path)
    assert run("models") == (0, "", "")


def test_models_with_a_name_cuts_a_long_list(run: Runner, shipped: Path) -> None:
    levels = tuple(number / 300 for number in range(301))
    calibrator = IsotonicRegression((levels,) * 7, (levels,) * 7)
    write_tiny_model(shipped / "tiny.onnx", replace(TINY_CONTRACT, **calibrator_to_contract(calibrator)))
    ran = run("models", "tiny")
    (line,) = [line for line in ran.out.splitlines() if line.startswith("calibrator.inputs ")]
    assert len(line) < 600
    assert line.endswith(" ...")


def test_models_with_a_name_prints_the_contract(run: Runner, shipped: Path) -> None:
    ran = run("models", "tiny")
    values = dict(line.split(maxsplit=1) for line in ran.out.splitlines())
    assert ran.code == 0
    assert values["file"] == str(shipped / "tiny.onnx")
    assert values["preparation"] == "[to_grey(), resize(size_hw=[48, 48], filter=bilinear)]"
    assert values["crop_margins.haar"] == "0.1"
    assert values["splits_seen.validation"] == "chosen on"
    assert values["recipe.training.epochs"] == "2"
    assert set(vars(TINY_CONTRACT)) <= {name.split(".")[0] for name in values}


def test_models_with_an_unknown_name_suggests_one(run: Runner, shipped: Path) -> None:
    assert run("models", "tinny") == (2, "", "error: unknown model 'tinny'; did you mean 'tiny'?\n")
    assert run("models", "cam_net") == (2, "", "error: unknown model 'cam_net'; did you mean 'camnet'?\n")


@pytest.mark.usefixtures("light")
def test_networks_without_the_laboratory_name_the_extra(run: Runner, shipped: Path) -> None:
    extra = "pip install 'mien[train]'\n"
    ran = run("models", "camnet")
    assert ran.code == 2
    assert ran.err == f"error: unknown model 'camnet'; known: second, tiny; networks need the laboratory: {extra}"
    ran = run("models", "--study", "camnet")
    assert (ran.code, ran.err) == (2, f"error: networks need the laboratory; install it with: {extra}")


def test_models_lists_the_networks_of_a_study(run: Runner, shipped: Path) -> None:
    ran = run("models", "--study", "cnn_lstm")
    rows = {line.split()[0]: line.split()[1:] for line in ran.out.splitlines() if line.strip()}
    assert (ran.code, ran.err) == (0, "")
    assert rows["network"] == ["study", "parameters", "GFLOPs", "input", "ships", "as"]
    assert rows["cnn_lstm"] == ["cnn_lstm", "457,031", "0.172", "1x48x48"]
    assert "camnet" not in rows
    assert ran.out.splitlines()[-1] == "estimators: deep_belief_net"
    assert "tiny" in rows


def test_models_refuses_an_unknown_study(run: Runner) -> None:
    ran = run("models", "--study", "camnett")
    assert (ran.code, ran.err) == (2, "error: unknown study 'camnett'; did you mean 'camnet'?\n")


def test_models_with_a_network_prints_card_options_and_layers(run: Runner) -> None:
    ran = run("models", "cnn_mha", "dense200=true", "--measure", "--depth", "1")
    lines = ran.out.splitlines()
    card = dict(line.split(maxsplit=1) for line in lines[:12])
    assert (ran.code, ran.err) == (0, "")
    assert card["parameters"] == "324,567 with 7 classes"
    assert card["latency"].endswith("ms a picture, one core, torch, float32")
    assert any(line.split()[:2] == ["dense200", "False"] for line in lines)
    assert any(line.split()[:2] == ["output_activation", "'softmax'"] for line in lines)
    assert any(line.split()[:2] == ["classifier", "Linear"] for line in lines)


def test_models_with_an_estimator_prints_its_card_and_options(run: Runner) -> None:
    ran = run("models", "deep_belief_net")
    assert ran.code == 0
    assert ran.out.splitlines()[2].split() == ["study", "cnn_lstm"]
    assert any(line.split()[:1] == ["hidden_units"] for line in ran.out.splitlines())
    assert run("models", "deep_belief_net", "--measure").code == 2


def test_models_draws_a_network(run: Runner, tmp_path: Path) -> None:
    ran = run("models", "camnet", "width=16", "--side", 64, "--draw", tmp_path / "camnet.png")
    assert ran.out.splitlines()[-1] == f"picture: {tmp_path / 'camnet.png'}"
    assert (tmp_path / "camnet.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("camnet", "width"), "'width' is no setting; expected OPTION=VALUE, such as width=24"),
        (("camnet", "widht=16"), "model 'camnet': widht: unknown option; did you mean 'width'?"),
        (("camnet", "--side", 48), "model 'camnet': images are 48x48; height and width must be multiples of 32"),
        (("timm/resnet180",), "unknown model 'timm/resnet180'; did you mean 'timm/resnet18"),
        (("camnet", "--draw", "/dev/null/net.png"), "/dev/null"),
    ],
)
def test_models_says_what_is_wrong_in_one_line(run: Runner, arguments: tuple[object, ...], message: str) -> None:
    ran = run("models", *arguments)
    assert ran.code == 2
    assert ran.err.startswith(f"error: {message}")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [("--draw", "x.png"), ("tiny", "--measure"), ("tiny", "width=3")])
def test_models_refuses_options_that_do_not_belong_together(
    run: Runner, shipped: Path, arguments: tuple[object, ...]
) -> None:
    ran = run("models", *arguments)
    assert (ran.code, ran.out) == (2, "")


def test_docs_models_md_is_what_models_writes(run: Runner, tmp_path: Path) -> None:
    ran = run("models", "--write", tmp_path / "models.md")
    assert ran.out == f"{tmp_path / 'models.md'}: {len(MODELS)} networks and {len(ESTIMATORS)} estimators written\n"
    written = (tmp_path / "models.md").read_text(encoding="utf-8")
    assert written.count("\n## ") == len(MODELS) + len(ESTIMATORS)
    assert DOCUMENT.read_text(encoding="utf-8") == written, "docs/models.md is not current; run: make tables"
