import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from mien.errors import ModelFileError
from mien.recognition import model_file
from mien.recognition.model_file import METADATA_KEY, Contract, load_model_file, shipped_models
from tests.tiny_model import TINY_CONTRACT, write_tiny_model

STEP = {"operation": "resize", "size_hw": [48, 48]}


def test_contract_comes_back_from_json() -> None:
    assert Contract.from_json(TINY_CONTRACT.to_json()) == TINY_CONTRACT


def test_contract_of_a_colour_model_comes_back_from_json() -> None:
    contract = replace(TINY_CONTRACT, colour="rgb", preparation=(STEP,), mean=(1.0, 2.0, 3.0), std=(1, 1, 1))
    assert Contract.from_json(contract.to_json()).num_channels == 3


def test_what_a_contract_need_not_hold_is_left_out_and_comes_back() -> None:
    assert not {"calibrator", "conformal"} & set(json.loads(TINY_CONTRACT.to_json()))
    sets = {"method": "lac", "coverage": 0.9, "quantile": 0.75}
    contract = replace(TINY_CONTRACT, temperature=1.0, calibrator={"name": "none"}, conformal=sets)
    assert Contract.from_json(contract.to_json()) == contract
    assert Contract.from_json(TINY_CONTRACT.to_json()) == TINY_CONTRACT


def test_contract_of_a_variant_comes_back_from_json() -> None:
    assert "variant" not in json.loads(TINY_CONTRACT.to_json())
    contract = replace(TINY_CONTRACT, variant={"precision": "int8", "of": "tiny"})
    assert Contract.from_json(contract.to_json()) == contract


def test_contract_refuses_a_variant_without_a_precision() -> None:
    with pytest.raises(ModelFileError, match="variant must be a table that names a precision, got"):
        replace(TINY_CONTRACT, variant={"of": "tiny"})


def test_contract_stands_under_its_key() -> None:
    assert METADATA_KEY == "mien_contract"


def test_contract_with_forerunners_comes_back_from_json() -> None:
    contract = replace(TINY_CONTRACT, forerunners=({"source": "a", "splits_seen": {"training": "trained on"}},))
    assert Contract.from_json(contract.to_json()) == contract


def test_contract_without_forerunners_says_nothing_of_them() -> None:
    assert "forerunners" not in json.loads(TINY_CONTRACT.to_json())
    assert Contract.from_json(TINY_CONTRACT.to_json()).forerunners == ()


@pytest.mark.parametrize("name", list(json.loads(TINY_CONTRACT.to_json())))
def test_contract_from_json_names_a_missing_field(name: str) -> None:
    values = json.loads(TINY_CONTRACT.to_json())
    del values[name]
    with pytest.raises(ModelFileError, match=f"field '{name}' is missing"):
        Contract.from_json(json.dumps(values))


@pytest.mark.parametrize("name", list(asdict(TINY_CONTRACT)))
def test_contract_names_a_field_of_a_wrong_type(name: str) -> None:
    values = json.loads(TINY_CONTRACT.to_json())
    values[name] = None
    with pytest.raises(ModelFileError, match=rf"^contract of model '?\w+'?: {name} must be .*, got None$"):
        Contract.from_json(json.dumps(values))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": "gray"}, "colour must be grey or rgb, got 'gray'"),
        ({"input_size_hw": [48]}, r"input_size_hw must be two positive whole numbers, got \(48,\)"),
        ({"input_size_hw": [48, -48]}, "input_size_hw must be two positive whole numbers"),
        ({"input_size_hw": [48, True]}, "input_size_hw must be two positive whole numbers"),
        ({"expressions": ["happy"]}, "expressions must be two or more different names"),
        ({"expressions": ["happy", "happy", "sad"]}, "expressions must be two or more different names"),
        ({"expressions": []}, "expressions must be one or more names"),
        ({"views": ["plain", "mirror"]}, "views must be different ones of plain, flip; got plain, mirror"),
        ({"views": ["plain", "plain"]}, "views must be different ones"),
        ({"mean": [0.1, 0.2]}, r"mean and std must have 1 numbers, got \(0.1, 0.2\)"),
        ({"std": [0]}, "std must be positive"),
        ({"temperature": 0}, "temperature must be positive, got 0"),
        ({"temperature": -1.5}, "temperature must be positive, got -1.5"),
        ({"temperature": float("nan")}, "temperature must be a number, got nan"),
        ({"temperature": True}, "temperature must be a number, got True"),
        ({"unsure_below": 1.5}, "unsure_below must be from 0 to 1"),
        ({"crop_margins": {"haar": -1}}, "crop_margins must be above -1"),
        ({"crop_margins": {"haar": "wide"}}, "crop_margins must be numbers by detector"),
        ({"preparation": [{"operation": "to_gray"}]}, "unknown image operation 'to_gray'; did you mean 'to_grey'?"),
        ({"preparation": [{"operation": "to_grey"}]}, r"must end in shape \(48, 48\), got \(64, 64\)"),
        ({"preparation": [STEP]}, r"must end in shape \(48, 48\), got \(48, 48, 3\)"),
        ({"preparation": [{"operation": "resize"}]}, "step 'resize': size_hw: missing, expected a list"),
        ({"preparation": [{"operation": "resize", "size_hw": "big"}]}, "size_hw: expected a list of whole numbers"),
        ({"preparation": [{"operation": "resize", "size_hw": [48]}]}, "two positive whole numbers"),
        ({"preparation": [STEP, {"operation": "scale"}, {"operation": "clahe"}]}, "put 'clahe' before 'scale'"),
        ({"preparation": [{"operation": "featurewise_center"}]}, "step 'featurewise_center' is not fitted"),
        ({"preparation": [{"operation": "zca_whiten"}]}, "step 'zca_whiten' cannot be exported: its matrix has"),
        ({"preparation": [{"operation": "crop_face"}]}, "unknown image operation 'crop_face'"),
        ({"preparation": ["to_grey"]}, "preparation must be one or more steps"),
        ({"splits_seen": {"training": 3}}, "splits_seen must be texts by split"),
        ({"forerunners": [{"data_set": "fer2013"}]}, "forerunners must be tables that name a source each"),
        ({"calibrator": {"name": "platt"}}, "unknown calibrator 'platt'"),
        ({"calibrator": {"name": "none"}}, "temperature must be 1 beside a calibrator, got 1.5"),
        ({"conformal": {"method": "aps", "coverage": 90, "quantile": 0.5}}, "must lie between 0 and 1, got 90"),
        ({"temprature": 1.0}, "unknown field 'temprature'; did you mean 'temperature'?"),
    ],
    ids=lambda value: "-".join(f"{key}={each}"[:40] for key, each in value.items()) if isinstance(value, dict) else "",
)
def test_contract_from_json_refuses(changes: dict[str, Any], message: str) -> None:
    text = json.dumps({**json.loads(TINY_CONTRACT.to_json()), **changes})
    with pytest.raises(ModelFileError, match=message) as caught:
        Contract.from_json(text)
    assert "\n" not in str(caught.value)


def test_contract_from_json_lists_all_faults_at_once() -> None:
    text = json.dumps({**json.loads(TINY_CONTRACT.to_json()), "temperature": 0, "views": ["back"], "unsure_below": 2})
    with pytest.raises(ModelFileError, match=r"views must be .*; temperature must be .*; unsure_below must be"):
        Contract.from_json(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "contract: not JSON"), ("[1]", "contract: expected a JSON object, got list")],
    ids=["broken", "list"],
)
def test_contract_from_json_refuses_other_text(text: str, message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        Contract.from_json(text)


def test_load_model_file_reads_a_path(tiny_model: Path) -> None:
    for given in (tiny_model, str(tiny_model)):
        loaded = load_model_file(given)
        assert (loaded.path, loaded.contract) == (tiny_model, TINY_CONTRACT)
        assert loaded.num_bytes == tiny_model.stat().st_size


def test_load_model_file_finds_a_shipped_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "_models_folder", lambda: tmp_path)
    write_tiny_model(tmp_path / "tiny.onnx")
    write_tiny_model(tmp_path / "another.onnx")
    assert shipped_models() == ["another", "tiny"]
    assert load_model_file("tiny").path == tmp_path / "tiny.onnx"
    with pytest.raises(ModelFileError, match=r"^unknown model 'tinny'; did you mean 'tiny'\?$"):
        load_model_file("tinny")


def test_load_model_file_reads_a_bare_file_name(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("tiny.onnx", "nameless"):
        (tmp_path / name).write_bytes(tiny_model.read_bytes())
        assert load_model_file(name).contract == TINY_CONTRACT


def test_load_model_file_prefers_a_shipped_name_to_a_file_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_file, "_models_folder", lambda: tmp_path)
    monkeypatch.chdir(tmp_path)
    write_tiny_model(tmp_path / "tiny.onnx")
    (tmp_path / "tiny").write_text("something else")
    assert load_model_file("tiny").path == tmp_path / "tiny.onnx"


def test_load_model_file_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"gone.onnx: no such model file"):
        load_model_file(str(tmp_path / "gone.onnx"))


def test_load_model_file_refuses_a_foreign_model(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "a.onnx", metadata={"author": "someone"})
    with pytest.raises(ModelFileError, match=f"^{path}: an ONNX file without mien's contract; expected one made by"):
        load_model_file(path)


def test_load_model_file_names_the_file_whose_contract_is_broken(tmp_path: Path) -> None:
    broken = TINY_CONTRACT.to_json().replace('"temperature": 1.5', '"temperature": -1')
    path = write_tiny_model(tmp_path / "a.onnx", metadata={METADATA_KEY: broken})
    with pytest.raises(
        ModelFileError, match=f"^{path}: contract of model 'tiny': temperature must be positive, got -1$"
    ):
        load_model_file(path)


def test_load_model_file_refuses_a_cut_file(tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.onnx"
    path.write_bytes(tiny_model.read_bytes()[:-40])
    with pytest.raises(ModelFileError, match=r"cut.onnx: the model file is cut off at \d+ bytes; fetch it again"):
        load_model_file(path)
