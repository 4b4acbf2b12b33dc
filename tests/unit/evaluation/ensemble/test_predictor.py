from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mien.data import FaceSet
from mien.errors import ExportError, ProtocolError
from mien.evaluation.ensemble import build_ensemble, predictor
from mien.evaluation.ensemble.combinations import WeightedMean
from mien.evaluation.ensemble.predictor import EnsembleNetwork, pick_rows
from mien.evaluation.predictors import load_predictor
from mien.training import RunFolder
from mien.training.training_data import TrainingData, read_training_data
from tests.conftest import make_rows
from tests.unit.evaluation.ensemble.test_building import change_recipe


class Means(nn.Module):
    """Gives the means of the left and the right half of each face, times a factor."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        left, right = faces.chunk(2, dim=3)
        return self.factor * torch.stack([left.mean(dim=(1, 2, 3)), right.mean(dim=(1, 2, 3))], dim=1)


def test_the_network_averages_views_then_members_with_their_classes_in_order() -> None:
    faces = torch.rand(3, 1, 4, 4)
    network = EnsembleNetwork(
        [Means(1.0), Means(3.0)], WeightedMean(weights=(0.25, 0.75)), columns=[(0, 1), (1, 0)], views=("plain", "flip")
    )
    both = [(Means(factor)(faces) + Means(factor)(faces.flip(-1))) / 2 for factor in (1.0, 3.0)]
    expected = 0.25 * both[0].softmax(dim=1) + 0.75 * both[1].softmax(dim=1)[:, [1, 0]]
    torch.testing.assert_close(network(faces).softmax(dim=1), expected)
    plain = EnsembleNetwork([Means(1.0)], WeightedMean(weights=(1.0,)), columns=[(1, 0)], views=("plain",))
    torch.testing.assert_close(plain(faces).softmax(dim=1), Means(1.0)(faces).softmax(dim=1)[:, [1, 0]])


def test_what_is_shipped_answers_as_the_ensemble_does(members: list[RunFolder], tmp_path: Path) -> None:
    ensemble = build_ensemble(members[:2], method="equal", ensembles_folder=tmp_path).ensemble
    part = read_training_data(ensemble.recipe.data).face_set.split("validation")
    loaded = load_predictor(ensemble)
    shipped = loaded.to_shipped(("plain", "flip"))
    faces = torch.from_numpy(np.array(part.faces))[:, None].float()
    with torch.inference_mode():
        answered = shipped.module.eval()(faces).softmax(dim=1).numpy()
    expected = torch.from_numpy(loaded.predict_logits(part, views=("plain", "flip"))).softmax(dim=1).numpy()
    np.testing.assert_allclose(answered, expected, atol=1e-5)
    assert (shipped.views, shipped.mean, shipped.std) == (("plain",), 0.0, 1.0)


def test_members_that_prepare_otherwise_are_not_shipped(members: list[RunFolder], tmp_path: Path) -> None:
    ensemble = build_ensemble(members[:2], method="equal", ensembles_folder=tmp_path).ensemble
    change_recipe(members[1], data={"prepare": ["clahe"]})
    with pytest.raises(ExportError, match="two-1 prepares faces otherwise than one-1; a model file prepares them once"):
        load_predictor(ensemble).to_shipped(("plain",))


def test_a_member_is_asked_about_its_own_faces_only_if_they_are_those_it_trained_on(
    members: list[RunFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensemble = build_ensemble(members, method="equal", ensembles_folder=tmp_path).ensemble

    def read(settings) -> TrainingData:
        data = read_training_data(settings)
        return replace(data, face_set=replace(data.face_set, pictures=255 - np.array(data.face_set.faces)))

    monkeypatch.setattr(predictor, "read_training_data", read)
    part = read_training_data(ensemble.recipe.data).face_set.split("validation")
    with pytest.raises(ProtocolError, match="three-1: the data set is not the one this run trained on"):
        load_predictor(ensemble).predict_logits(part, views=("plain",))


def small_set() -> FaceSet:
    faces, labels, usages = make_rows(10)
    names = {"Training": "training", "PublicTest": "validation", "PrivateTest": "test"}
    return FaceSet(
        name="made",
        pictures=faces,
        labels=labels,
        expressions=tuple("abcdefg"),
        splits=np.array([names[usage] for usage in usages]),
        row_ids=np.array([f"made:{row}" for row in range(10)]),
        origins=np.array([""] * 10),
    )


def test_pick_rows_finds_rows_by_id_in_the_order_asked_for() -> None:
    own = small_set()
    wanted = own.select(np.array([7, 2, 9]))
    picked = pick_rows(own.select(np.random.default_rng(0).permutation(10)), wanted, model="one")
    assert picked.row_ids.tolist() == ["made:7", "made:2", "made:9"]
    np.testing.assert_array_equal(picked.faces, wanted.faces)


def test_pick_rows_refuses_missing_rows_and_other_splits() -> None:
    own = small_set()
    with pytest.raises(
        ProtocolError, match="'one' was trained on data that lack 4 of 10 rows asked for, the first made:6"
    ):
        pick_rows(own.select(np.arange(6)), own, model="one")
    moved = replace(own, splits=np.array(["training"] * 10))
    with pytest.raises(ProtocolError, match="'one' had 2 of 10 rows asked for in another split; members must have"):
        pick_rows(moved, own, model="one")


def test_members_are_asked_about_faces_that_were_changed_whatever_data_they_were_trained_on(
    members: list[RunFolder], tmp_path: Path
) -> None:
    ensemble = build_ensemble(members, method="equal", ensembles_folder=tmp_path).ensemble
    part = read_training_data(ensemble.recipe.data).face_set.split("validation")
    changed = replace(part, pictures=255 - np.array(part.faces))
    loaded = load_predictor(ensemble)
    answers = []
    for member in loaded.members:
        logits = torch.from_numpy(member.predictor.predict_logits(changed, views=("plain",)))
        answers.append(logits.double().softmax(dim=1)[:, list(member.columns)])
    found = torch.from_numpy(loaded.for_given_faces().predict_logits(changed, views=("plain",))).double().softmax(dim=1)
    torch.testing.assert_close(found, torch.stack(answers).mean(dim=0), atol=1e-6, rtol=1e-5)


def test_members_that_prepare_otherwise_are_not_asked_about_changed_faces(
    members: list[RunFolder], tmp_path: Path
) -> None:
    ensemble = build_ensemble(members[:2], method="equal", ensembles_folder=tmp_path).ensemble
    change_recipe(members[1], data={"prepare": ["clahe"]})
    with pytest.raises(ProtocolError, match="two-1 prepares faces otherwise than one-1; faces are changed after their"):
        load_predictor(ensemble).for_given_faces()
