import numpy as np
import pytest

from mien.errors import ExplanationError, MienError
from mien.evaluation.explanation import compare_with_random_weights, explain_faces, judge_methods, measure_deletion
from mien.evaluation.explanation.answered import open_answered_split
from mien.evaluation.explanation.judging import RANDOM_ORDER
from mien.training import RunFolder


def test_the_figures_are_means_over_faces_spread_over_the_split(tiny_run: RunFolder) -> None:
    judged, chance = judge_methods(tiny_run, methods=["grad_cam"], rows=4, steps=4)
    answered = open_answered_split(tiny_run)
    rows = answered.spread_rows(4)
    images, targets = answered.images_of(rows), answered.targets_of(rows, "predicted")
    maps = explain_faces(answered.model, images, targets, method="grad_cam")
    curves = measure_deletion(answered.model, images, maps, targets, steps=4)
    likeness = compare_with_random_weights(answered.model, images, maps, targets, method="grad_cam")
    assert judged.name == "grad_cam"
    assert judged.deletion == pytest.approx(curves.deletion_areas.mean())
    assert judged.insertion == pytest.approx(curves.insertion_areas.mean())
    assert judged.likeness == pytest.approx(likeness.mean())
    assert (chance.name, chance.likeness) == (RANDOM_ORDER, None)
    assert np.isfinite([chance.deletion, chance.insertion]).all()


def test_methods_that_a_model_has_nothing_for_are_left_out(estimator_run: RunFolder) -> None:
    judged = judge_methods(estimator_run, rows=2, steps=2)
    assert [each.name for each in judged] == ["occlusion", "zeroing", RANDOM_ORDER]
    assert {each.likeness for each in judged} == {None}


def test_a_method_that_is_named_is_not_left_out(tiny_run: RunFolder) -> None:
    with pytest.raises(ExplanationError, match="VggSe has attention, but none over places"):
        judge_methods(tiny_run, methods=["attention"], rows=2)


def test_one_face_is_too_few(tiny_run: RunFolder) -> None:
    with pytest.raises(MienError, match="rows is 1; expected at least 2 faces to judge by"):
        judge_methods(tiny_run, rows=1)
