from typing import Any

import numpy as np
import pytest

from mien.data.steps import (
    check_steps,
    contract_steps,
    find_operation,
    find_step_faults,
    is_picture_operation,
    is_unfitted,
    list_operations,
    picture_part,
)
from mien.errors import DataError, ExportError, MienError
from mien.images.preparation import prepare_face
from mien.images.steps import read_steps

LANCZOS = {"operation": "resize", "size_hw": [224, 224], "filter": "lanczos"}


@pytest.mark.parametrize(
    "steps",
    [
        [],
        "",
        ["gamma_equalize", LANCZOS],
        "crop_face:margin=0.3 to_grey resize:size_hw=[48,48],filter=area equalize_histogram scale:low=-1",
        ["gamma_equalize", "emboss"],
        ["gamma_equalize", {"operation": "local_binary_pattern", "num_points": 8}],
        ["resize:size_hw=[48,48]", "featurewise_standardize", "grey_to_rgb"],
        [{"operation": "featurewise_center", "mean": [129.5]}],
        ["zca_whiten:epsilon=0.1", "resize:size_hw=[40,40]"],
    ],
    ids=str,
)
def test_find_step_faults_finds_none_in_what_the_studies_ran(steps: Any) -> None:
    assert find_step_faults(steps) == []
    assert check_steps(steps) == read_steps(steps)


@pytest.mark.parametrize(
    ("steps", "faults"),
    [
        (3, ["steps must be a list of names and tables, found 3"]),
        ({"operation": "to_grey"}, ["steps must be a list of names and tables, found {'operation': 'to_grey'}"]),
        ("resize:size_hw=[48", ["'resize:size_hw=[48': ']' is missing; a bracket or quote is left open"]),
        (
            ["to_gray", 3, {"size_hw": [4, 4]}, "resize", {**LANCZOS, "filtr": "x", "size_hw": "big"}],
            [
                "step 1: unknown operation 'to_gray'; did you mean 'to_grey'?",
                "step 2: a step must be a name or a table with an operation, got 3",
                "step 3: a step must name its operation, got {'size_hw': [4, 4]}",
                "step 4 (resize): size_hw: missing, expected a list of whole numbers",
                "step 5 (resize): size_hw: expected a list of whole numbers, found 'big'",
                "step 5 (resize): filtr: unknown option; did you mean 'filter'?",
            ],
        ),
        ("crop_fce", ["step 1: unknown operation 'crop_fce'; did you mean 'crop_face'?"]),
        ("scale clahe", ["step 'clahe' takes uint8, but 'scale' gives float32; put 'clahe' before 'scale'"]),
        (
            "zca_whiten clahe",
            ["step 'clahe' takes uint8, but 'zca_whiten' gives float32; put 'clahe' before 'zca_whiten'"],
        ),
        (
            "to_grey crop_face scale gamma:exponent=2",
            [
                "step 'crop_face' looks for a face in the whole picture; put it before 'to_grey'",
                "step 'gamma' takes uint8, but 'scale' gives float32; put 'gamma' before 'scale'",
            ],
        ),
        (
            "resize:size_hw=[0,2]",
            ["step 'resize': size_hw must be two positive whole numbers (height, width), got [0, 2]"],
        ),
        ("gamma:exponent=-1", ["step 'gamma': exponent must be above 0, got -1"]),
        ("crop_face:margin=-2", ["step 'crop_face': margin must be above -1, got -2"]),
        ("crop_face:detector=harr", ["step 'crop_face': unknown face detector 'harr'; did you mean 'haar'?"]),
        (
            "level_eyes:detector=haar",
            ["step 'level_eyes': detector 'haar' does not say where the eyes are; those that do: yunet"],
        ),
        (
            "zca_whiten:matrix=[1]",
            ["step 1 (zca_whiten): matrix: expected an array, which fitting fills in, found [1]"],
        ),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_find_step_faults_names_each(steps: Any, faults: list[str]) -> None:
    assert find_step_faults(steps) == faults
    with pytest.raises(DataError) as caught:
        check_steps(steps)
    assert str(caught.value) == f"steps: {'; '.join(faults)}"


def test_find_operation_knows_both_kinds() -> None:
    assert find_operation("crop_face").name == "crop_face"
    assert find_operation("resize").name == "resize"
    assert is_picture_operation("crop_face")
    assert not is_picture_operation("resize")
    with pytest.raises(MienError, match="unknown operation 'sharpen'"):
        find_operation("sharpen")


def test_picture_part_is_the_front() -> None:
    assert [step["operation"] for step in picture_part(read_steps("crop_face crop_face to_grey"))] == ["crop_face"] * 2
    assert picture_part([]) == []


def test_is_unfitted_until_all_is_there() -> None:
    assert is_unfitted({"operation": "featurewise_standardize", "mean": [1.0]})
    assert not is_unfitted({"operation": "featurewise_standardize", "mean": [1.0], "std": [1.0]})
    assert not is_unfitted({"operation": "crop_face"})


def test_contract_steps_leave_what_finds_the_face_out_and_say_why() -> None:
    written = ["crop_face:margin=0.3", "to_grey", "resize:size_hw=[48,48]", "featurewise_center:mean=[129.5]"]
    found = contract_steps(written)
    assert list(found.steps) == read_steps(written[1:])
    assert found.left_out == (
        "step 'crop_face' is not in the contract: at recognition the contract's own detector and margin find and cut "
        "out the faces",
    )
    assert prepare_face(np.zeros((60, 60, 3), np.uint8), found.steps).shape == (48, 48)


@pytest.mark.parametrize(
    ("steps", "shape_before", "expected"),
    [
        (
            ["gamma_equalize", LANCZOS],
            (48, 48),
            ["to_grey", "resize:size_hw=[48,48],filter=bilinear", "gamma_equalize", LANCZOS],
        ),
        ("grey_to_rgb", (40, 44, 3), ["resize:size_hw=[40,44],filter=bilinear", "grey_to_rgb"]),
        ("crop_face resize:size_hw=[48,48]", (90, 80), ["to_grey", "resize:size_hw=[48,48]"]),
        ("crop_face resize:size_hw=[48,48]", None, ["resize:size_hw=[48,48]"]),
        ("", (48, 48), ["to_grey", "resize:size_hw=[48,48],filter=bilinear"]),
    ],
    ids=str,
)
def test_contract_steps_bring_a_crop_to_what_the_faces_were_before(
    steps: Any, shape_before: tuple[int, ...] | None, expected: Any
) -> None:
    assert list(contract_steps(steps, shape_before=shape_before).steps) == read_steps(expected)


@pytest.mark.parametrize(
    ("steps", "error", "message"),
    [
        ("to_grey zca_whiten", ExportError, r"step 'zca_whiten' cannot be exported: its matrix .* \(21 MB at 48x48\)"),
        (
            "featurewise_center",
            ExportError,
            "step 'featurewise_center' is not fitted; take the steps that fit_and",
        ),
        ("to_gray", MienError, "unknown operation 'to_gray'; did you mean 'to_grey'?"),
    ],
)
def test_contract_steps_refuse(steps: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        contract_steps(steps)


def test_list_operations_tells_all_from_the_registries() -> None:
    by_name = {each.name: each for each in list_operations()}
    assert list(by_name)[:2] == ["crop_face", "level_eyes"]
    assert (by_name["crop_face"].takes, by_name["crop_face"].is_exported) == ("picture", False)
    assert by_name["resize"].arguments == "size_hw=... filter=bilinear"
    assert by_name["clahe"].arguments == "clip_limit=2.0 tiles_hw=[8,8]"
    assert by_name["zca_whiten"].arguments == "mean (fitted) matrix (fitted) epsilon=1e-06"
    assert not by_name["zca_whiten"].is_exported
    assert by_name["scale"].title == "Send level 0 to ``low`` and level 255 to ``high``."
    assert (by_name["scale"].takes, by_name["scale"].gives) == ("uint8 or float32", "float32")
