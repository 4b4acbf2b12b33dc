from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from safetensors.torch import load_file

from mien.data import FaceSet
from mien.data.balancing import balance
from mien.data.merging import merge_auxiliary
from mien.errors import DataError, RunFolderError
from mien.expressions import FER2013_EXPRESSIONS, FERPLUS_VOTE_NAMES
from mien.training import RunFolder, read_recipe, resume_training, train
from mien.training.targets import build_targets, to_probabilities
from tests.made_datasets import FERPLUS_HEADER

RULES = ("majority", "drawn", "multi_target", "distribution")

ROWS: list[tuple[str, str, dict[str, int]]] = [
    # split, label, votes
    ("training", "angry", {"angry": 3, "neutral": 4, "sad": 1, "disgust": 2}),
    ("validation", "happy", {"fear": 10}),
    ("training", "sad", {"sad": 4, "fear": 4, "contempt": 2}),
    ("training", "happy", {"unknown": 6, "not_a_face": 4}),
    ("test", "happy", {"fear": 10}),
    ("training", "fear", {"sad": 3, "neutral": 3, "angry": 2, "happy": 2, "unknown": 10}),
]


def make_set(rows: list[tuple[str, str, dict[str, int]]] = ROWS, **changes: Any) -> FaceSet:
    names = range(len(rows))
    made = FaceSet(
        name="made",
        pictures=np.arange(len(rows) * 4, dtype=np.uint8).reshape(-1, 2, 2),
        labels=np.array([FER2013_EXPRESSIONS.index(label) for _, label, _ in rows], np.int64),
        expressions=FER2013_EXPRESSIONS,
        splits=np.array([split for split, _, _ in rows]),
        row_ids=np.array([f"made:{row}" for row in names]),
        origins=np.array([f"made.csv:{row}" for row in names]),
        votes=np.array([[votes.get(name, 0) for name in FERPLUS_VOTE_NAMES] for _, _, votes in rows], np.int64),
        vote_names=FERPLUS_VOTE_NAMES,
    )
    return replace(made, **changes)


def shares(**parts: float) -> list[float]:
    return [parts.get(name, 0.0) for name in FER2013_EXPRESSIONS]


def labels(*names: str) -> list[int]:
    return [FER2013_EXPRESSIONS.index(name) for name in names]


def test_labels_are_the_sets_own_and_need_no_votes() -> None:
    targets = build_targets(make_set(votes=None, vote_names=()), "labels")
    assert targets.values.tolist() == labels("angry", "sad", "happy", "fear")
    assert (targets.values.dtype, targets.num_by_label) == (torch.int64, 4)


def test_majority_is_the_class_with_most_votes_and_ties_go_to_the_label_or_the_first() -> None:
    targets = build_targets(make_set(), "majority")
    # Row 2 ties between its own label and fear, row 5 between sad and neutral, neither of them its label.
    assert targets.values.tolist() == labels("neutral", "sad", "happy", "sad")
    assert targets.num_by_label == 1


def test_distribution_is_the_votes_for_classes_divided_by_their_sum() -> None:
    targets = build_targets(make_set(), "distribution")
    expected = [
        shares(angry=0.3, neutral=0.4, sad=0.1, disgust=0.2),
        shares(sad=0.5, fear=0.5),
        shares(happy=1.0),
        shares(sad=0.3, neutral=0.3, angry=0.2, happy=0.2),
    ]
    torch.testing.assert_close(targets.values, torch.tensor(expected))


def test_multi_target_shares_a_row_among_the_classes_with_more_than_30_percent() -> None:
    targets = build_targets(make_set(), "multi_target")
    # Row 0: angry has 30 %, which is not more. Row 5: none has more, so both with most are right.
    expected = [shares(neutral=1), shares(sad=0.5, fear=0.5), shares(happy=1), shares(sad=0.5, neutral=0.5)]
    torch.testing.assert_close(targets.values, torch.tensor(expected))


def test_drawn_labels_come_as_often_as_their_votes_and_again_for_the_same_seed_and_epoch() -> None:
    targets = build_targets(make_set(), "drawn")
    epochs = torch.stack([targets.of_epoch(0, epoch) for epoch in range(2000)])
    assert epochs.dtype == torch.int64
    first = (epochs[:, 0, None] == torch.arange(7)).float().mean(dim=0)
    torch.testing.assert_close(
        first, torch.tensor(shares(angry=0.3, neutral=0.4, sad=0.1, disgust=0.2)), atol=0.04, rtol=0
    )
    assert set(epochs[:, 2].tolist()) == set(labels("happy"))
    assert torch.equal(targets.of_epoch(3, 5), build_targets(make_set(), "drawn").of_epoch(3, 5))
    many = build_targets(make_set([*ROWS] * 40, row_ids=np.arange(240).astype(str)), "drawn")
    assert not torch.equal(many.of_epoch(3, 5), many.of_epoch(3, 6))
    assert not torch.equal(many.of_epoch(3, 5), many.of_epoch(4, 5))


def test_other_rules_are_the_same_in_each_epoch() -> None:
    targets = build_targets(make_set(), "distribution")
    assert targets.of_epoch(0, 1) is targets.of_epoch(1, 2)


@pytest.mark.parametrize("rule", RULES)
def test_votes_of_validation_and_test_are_not_read(rule: str) -> None:
    face_set = make_set()
    others = np.where((face_set.splits == "training")[:, None], face_set.votes, 7)
    assert build_targets(replace(face_set, votes=others), rule).facts == build_targets(face_set, rule).facts


@pytest.mark.parametrize("rule", RULES)
def test_rows_of_auxiliary_sets_without_votes_keep_their_label(rule: str) -> None:
    aside = [("training", "surprise", {}), ("test", "disgust", {})]
    auxiliary = make_set(aside, name="aside", votes=None, vote_names=())
    auxiliary = replace(auxiliary, pictures=auxiliary.faces + 100)
    merged = merge_auxiliary(make_set(), [auxiliary])
    targets = build_targets(merged, rule)
    values = targets.of_epoch(0, 0)
    last = values[-2:] if values.ndim == 1 else values[-2:].argmax(dim=1)
    assert last.tolist() == labels("surprise", "disgust")
    assert targets.num_by_label == 3


def test_rows_that_balancing_added_go_by_their_parents_votes() -> None:
    balanced = balance(make_set(), "over_sampling", counts={"sad": 3})
    assert build_targets(balanced, "distribution").values[-2:].tolist() == [shares(sad=0.5, fear=0.5)] * 2


@pytest.mark.parametrize("rule", RULES)
def test_a_set_without_votes_is_refused(rule: str) -> None:
    with pytest.raises(DataError, match=f"made has no annotators' votes, which training.targets = '{rule}' needs; put"):
        build_targets(make_set(votes=None, vote_names=()), rule)


def test_a_class_that_nobody_could_vote_for_is_refused() -> None:
    votes = make_set().votes
    assert votes is not None
    without_angry = [place for place, name in enumerate(FERPLUS_VOTE_NAMES) if name != "angry"]
    names = tuple(FERPLUS_VOTE_NAMES[place] for place in without_angry)
    with pytest.raises(DataError, match=r"made: nobody could vote for angry, and training\.targets = 'majority' needs"):
        build_targets(make_set(votes=votes[:, without_angry], vote_names=names), "majority")


def test_what_a_run_keeps_of_them() -> None:
    targets = build_targets(make_set(), "distribution")
    assert str(targets) == "targets distribution: 3 rows by their votes, 1 without any by their label"
    facts = targets.facts
    assert (facts["rule"], facts["num_by_votes"], facts["num_by_label"]) == ("distribution", 3, 1)
    assert facts["fingerprint"] != build_targets(make_set(), "multi_target").facts["fingerprint"]


def test_to_probabilities_of_labels_and_of_probabilities() -> None:
    shared = torch.tensor([[0.25, 0.75, 0.0]])
    assert to_probabilities(torch.tensor([2, 0]), 3).tolist() == [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    assert to_probabilities(shared, 3) is shared


# --- in training ---------------------------------------------------------------------------------------------------


Voting = Callable[[Callable[[int, str], dict[str, int]]], None]


@pytest.fixture
def vote(fer2013_csv: Path) -> Voting:
    """Writes FER+'s file beside the made-up CSV: what each row got, by its number and usage."""
    usages = [line.rpartition(",")[2] for line in fer2013_csv.read_text().splitlines()[1:]]

    def write(votes_of: Callable[[int, str], dict[str, int]]) -> None:
        lines = [FERPLUS_HEADER]
        for row, usage in enumerate(usages):
            votes = votes_of(row, usage)
            lines.append(f"{usage},fer.png,{','.join(str(votes.get(name, 0)) for name in FERPLUS_VOTE_NAMES)}")
        fer2013_csv.with_name("fer2013new.csv").write_text("\n".join(lines) + "\n")

    return write


def own_votes(row: int, usage: str) -> dict[str, int]:
    expression = FER2013_EXPRESSIONS[row % 7]
    return {expression: 6, "happy" if expression != "happy" else "sad": 4}


def run(recipe_file: Path, folder: Path, rule: str) -> RunFolder:
    changes = [f"training.targets={rule}", "training.epochs=1"]
    return train(read_recipe(recipe_file, changes), runs_folder=folder, console=Console(quiet=True))


def weights(run: RunFolder) -> list[float]:
    state = load_file(run.weights_file("last"))
    return torch.cat([state[name].flatten().float() for name in sorted(state)]).tolist()


def test_each_rule_has_an_effect_of_its_own_on_training(tiny_recipe_file: Path, tmp_path: Path, vote: Voting) -> None:
    def votes_of(row: int, usage: str) -> dict[str, int]:
        expression = FER2013_EXPRESSIONS[row % 7]
        other = FER2013_EXPRESSIONS[(row + 1) % 7]
        return {expression: 4, other: 5, "neutral": 1}

    vote(votes_of)
    results = {rule: weights(run(tiny_recipe_file, tmp_path / rule, rule)) for rule in ("labels", *RULES)}
    assert len({tuple(each) for each in results.values()}) == 5


@pytest.mark.parametrize("rule", ["drawn", "distribution"])
def test_other_votes_of_validation_and_test_give_the_same_weights(
    tiny_recipe_file: Path, tmp_path: Path, vote: Voting, rule: str
) -> None:
    vote(own_votes)
    before = run(tiny_recipe_file, tmp_path / "before", rule)
    vote(lambda row, usage: own_votes(row, usage) if usage == "Training" else {"fear": 3, "unknown": 7})
    after = run(tiny_recipe_file, tmp_path / "after", rule)
    assert weights(before) == weights(after)
    vote(lambda row, usage: own_votes(row, usage) if usage != "Training" else {"fear": 3, "unknown": 7})
    assert weights(run(tiny_recipe_file, tmp_path / "other", rule)) != weights(before)


def test_a_run_says_how_many_rows_had_votes(
    tiny_recipe_file: Path, tmp_path: Path, vote: Voting, capsys: pytest.CaptureFixture[str]
) -> None:
    vote(lambda row, usage: {"unknown": 10} if row < 3 else own_votes(row, usage))
    changes = ["training.targets=majority", "training.epochs=1"]
    trained = train(read_recipe(tiny_recipe_file, changes), runs_folder=tmp_path / "runs")
    assert "targets majority: 109 rows by their votes, 3 without any by their label" in capsys.readouterr().err
    assert (trained.facts["targets"]["num_by_votes"], trained.facts["targets"]["num_by_label"]) == (109, 3)


def test_resuming_refuses_other_votes(tiny_recipe_file: Path, tmp_path: Path, vote: Voting) -> None:
    vote(own_votes)
    trained = run(tiny_recipe_file, tmp_path / "runs", "distribution")
    assert resume_training(trained.folder, console=Console(quiet=True)).folder == trained.folder
    vote(lambda row, usage: {"fear": 1})
    with pytest.raises(RunFolderError, match="tiny-1: the votes are not those this run began with; start a new run"):
        resume_training(trained.folder, console=Console(quiet=True))


def test_a_run_without_votes_leaves_no_folder(tiny_recipe_file: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="fer2013 has no annotators' votes"):
        run(tiny_recipe_file, tmp_path / "runs", "drawn")
    assert not (tmp_path / "runs").exists()
