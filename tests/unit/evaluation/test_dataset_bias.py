from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from mien.data import FaceSet
from mien.errors import DataError
from mien.evaluation.dataset_bias import BiasReport, measure_dataset_bias
from mien.images.preparation import prepare_faces
from mien.metrics.share import Share

EXPRESSIONS = ("happy", "sad", "bored")


def make_set(
    name: str, num_rows: int = 40, *, seed: int = 0, light: int = 0, expressions: Sequence[str] = EXPRESSIONS
) -> FaceSet:
    """Return noise, brighter by `light`; every tenth row is of test, and rows take turns in their classes."""
    noise = np.random.default_rng([seed, *name.encode()]).integers(40, 120, size=(num_rows, 48, 48))
    return FaceSet(
        name=name,
        pictures=(noise + light).astype(np.uint8),
        labels=np.arange(num_rows) % len(expressions),
        expressions=tuple(expressions),
        splits=np.where(np.arange(num_rows) % 10 == 9, "test", "training"),
        row_ids=np.array([f"{name}:{row}" for row in range(num_rows)]),
        origins=np.array([f"{row}" for row in range(num_rows)]),
    )


def test_sets_of_one_kind_are_told_by_chance() -> None:
    report = measure_dataset_bias([make_set("a", 150), make_set("b", 150)], folds=3)
    low, high = report.told.interval
    assert low < report.chance == 0.5 < high


def test_a_set_of_its_own_light_or_sharpness_is_told() -> None:
    first, bright, soft = make_set("a"), make_set("b", light=60), make_set("c")
    small = prepare_faces(soft.faces, ["resize:size_hw=[24,24]"])
    report = measure_dataset_bias([first, bright, replace(soft, pictures=small)], folds=2)
    assert (report.data_sets, report.chance) == (("a", "b", "c"), pytest.approx(1 / 3))
    assert report.told.value > 0.95
    assert [max(row) == row[place] for place, row in enumerate(report.confusion_matrix)] == [True] * 3


def test_as_many_faces_of_each_expression_are_drawn_from_each_and_none_of_test() -> None:
    many, few = make_set("a", 60), make_set("b", 20, expressions=("Sadness", "bored", "joy"))
    report = measure_dataset_bias([many, few], folds=2)
    # Of the 18 rows of b that are not of test, 6 are sad and 6 happy; bored is no expression.
    assert {name: told.num_rows for name, told in report.by_expression.items()} == {"happy": 12, "sad": 12}
    assert (report.num_faces, report.told.num_rows, report.has_few_faces) == (12, 24, True)
    assert [sum(row) for row in report.confusion_matrix] == [12, 12]


def test_rows_are_the_most_that_are_drawn_the_same_for_the_same_seed() -> None:
    sets = [make_set("a"), make_set("b")]
    first, again, other = (measure_dataset_bias(sets, rows=10, folds=2, seed=seed) for seed in (0, 0, 1))
    assert (first.num_faces, first == again, first == other) == (10, True, False)


def test_pictures_that_stand_in_several_sets_are_left_out() -> None:
    first, second = make_set("a"), make_set("b")
    faces = np.array(second.faces)
    faces[0] = first.faces[3]
    faces[1] = faces[0]
    report = measure_dataset_bias([first, replace(second, pictures=faces)], folds=2)
    assert report.num_copies == (1, 2)


def test_faces_of_a_known_person_stay_in_one_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    import mien.evaluation.dataset_bias as module

    dealt = []

    def deal(task: FaceSet, folds: int, **options: object) -> np.ndarray:
        dealt.append((task, fold := real(task, folds, **options)))
        return fold

    real = module.deal_folds
    monkeypatch.setattr(module, "deal_folds", deal)
    people = np.array([f"p{row // 6}" for row in range(40)])
    known = replace(make_set("a"), columns={"subject": people})
    measure_dataset_bias([known, make_set("b")], folds=2)
    ((task, fold),) = dealt
    for person in np.unique(task.columns["subject"]):
        assert len(set(fold[task.columns["subject"] == person])) == 1
    assert {"a:p0", "b:b:0"} <= set(task.columns["subject"].tolist())


@pytest.mark.parametrize(
    ("sets", "options", "message"),
    [
        ([make_set("a")], {}, "data sets to tell apart are a; expected at least two, each of another name"),
        ([], {}, "data sets to tell apart are none"),
        ([make_set("a"), make_set("a")], {}, "data sets to tell apart are a, a; expected at least two"),
        ([make_set("a"), make_set("b")], {"rows": 0}, "rows is 0; expected at least 1 face of each data set"),
        (
            [make_set("a"), make_set("b", expressions=("fear", "bored"))],
            {},
            "no expression in common, .* drawn: a has happy, sad, bored; b has fear, bored",
        ),
        (
            [make_set("a"), replace(make_set("a"), name="b")],
            {},
            "a: no face is left to be told from others; 24 were left out as another data set has the identical",
        ),
        (
            [
                replace(make_set("a"), labels=np.zeros(40, dtype=np.int64)),
                replace(make_set("b"), labels=np.ones(40, dtype=np.int64)),
            ],
            {},
            "a, b: no expression has faces in each of them",
        ),
        ([make_set("a"), make_set("b", 6)], {}, "4 faces of each data set for 5 folds; expected at least as many"),
        (
            [make_set("a"), replace(make_set("b"), columns={"subject": np.full(40, "p")})],
            {"folds": 2},
            "b: all its faces are of so few people that one fold has them; expected more people",
        ),
        (
            [make_set("a"), replace(make_set("b"), splits=np.full(40, "test"))],
            {},
            "b has test rows alone, and those are left alone here",
        ),
        ([make_set("a"), make_set("b")], {"folds": 1}, "1 folds; expected at least 2"),
    ],
    ids=[
        *("one set", "no set", "one name", "no rows", "no class", "all copies", "no common rows", "few faces"),
        *("one person", "test alone", "one fold"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_apart_is_refused(sets: list[FaceSet], options: dict[str, int], message: str) -> None:
    with pytest.raises(DataError, match=message):
        measure_dataset_bias(sets, **options)


def test_figures_of_a_report_are_those_worked_by_hand() -> None:
    report = BiasReport(("a", "b"), 30, (0, 0), {}, ((20, 10), (5, 25)), folds=5, seed=0)
    assert (report.told, report.chance, report.has_few_faces) == (Share(45, 60), 0.5, False)
