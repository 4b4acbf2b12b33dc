from pathlib import Path

import numpy as np
import pytest

from mien.errors import ExplanationError, MienError, ProtocolError
from mien.evaluation.explanation import explain_faces, explain_run
from mien.evaluation.explanation.answered import open_answered_split
from mien.images.heat_map import overlay_heat_map
from mien.images.resizing import resize
from mien.training import RunFolder

GAP, LINE, SIDE = 8, 16, 96


def test_there_is_a_sheet_for_each_class_with_faces_and_their_maps(tiny_run: RunFolder) -> None:
    """The first face of a sheet is the one that was answered rightly with most confidence, its map beside it."""
    sheets = explain_run(tiny_run, split="training", method="gradient", rows=2)
    answered = open_answered_split(tiny_run, "training")
    assert list(sheets) == [f"training-gradient-{each}" for each in answered.predictions.expressions]
    expression = next(each for each in answered.predictions.expressions if len(answered.pick_rows(each, is_right=True)))
    row = answered.pick_rows(expression, is_right=True)[:1]
    sheet, top = sheets[f"training-gradient-{expression}"], 2 * GAP + LINE + LINE + 4
    face = answered.images_of(row)[0, 0].numpy()
    np.testing.assert_array_equal(sheet[top : top + SIDE : 2, GAP : GAP + SIDE : 2, 0], face)
    targets = answered.targets_of(row, "predicted")
    heat_map = explain_faces(answered.model, answered.images_of(row), targets, method="gradient")[0]
    expected = overlay_heat_map(resize(face, (SIDE, SIDE)), heat_map)
    left = GAP + SIDE + 2
    difference = np.abs(sheet[top : top + SIDE, left : left + SIDE].astype(int) - expected)
    assert difference.max() <= 2  # in a batch of other faces the last bit may differ


def test_classes_and_targets_can_be_named(tiny_run: RunFolder) -> None:
    (first,) = explain_run(tiny_run, method="gradient", expressions=["sad"], rows=1).values()
    (other,) = explain_run(tiny_run, method="gradient", expressions=["sad"], rows=1, target="fear").values()
    assert first.shape[0] < other.shape[0]  # a line of words more says whose map it is
    assert not np.array_equal(first, other[: len(first)])


def test_options_reach_the_method(tiny_run: RunFolder) -> None:
    sheets = [
        explain_run(tiny_run, method="zeroing", expressions=["sad"], rows=1, side=side)["validation-zeroing-sad"]
        for side in (24, 16, 24)
    ]
    assert not np.array_equal(sheets[0], sheets[1])
    np.testing.assert_array_equal(sheets[0], sheets[2])


def test_an_estimator_is_explained_by_occlusion(estimator_run: RunFolder) -> None:
    sheets = explain_run(estimator_run, method="occlusion", rows=1, window=24, stride=24)
    assert len(sheets) == 7
    with pytest.raises(ExplanationError, match="grad_cam needs a network"):
        explain_run(estimator_run)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "grad_cm"}, "unknown explanation method 'grad_cm'; did you mean 'grad_cam'"),
        ({"rows": 0}, "rows is 0; expected at least 1 face"),
        ({"expressions": ["hapy"]}, "unknown expression 'hapy'; did you mean 'happy'"),
        ({"target": "hapy"}, "unknown expression 'hapy'; did you mean 'happy'"),
        ({"sied": 3}, "explanation method 'grad_cam': sied: unknown option"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_unknown_is_refused(tiny_run: RunFolder, options: dict[str, object], message: str) -> None:
    with pytest.raises(MienError, match=message):
        explain_run(tiny_run, **options)  # type: ignore[arg-type]


def test_test_pictures_without_a_record_are_refused(tiny_run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="so no test face is shown"):
        explain_run(tiny_run, split="test", results_folder=tmp_path / "results")
