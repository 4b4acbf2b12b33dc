from typing import Any

import numpy as np
import pytest

from mien.data import FaceSet
from mien.training.forerunners import Forerunner, hand_on, has_same_pictures, inherit

OWN = {"training": "trained on", "validation": "chosen on"}
ALL = dict.fromkeys(("training", "validation", "test"), "trained on")


def make_set(name: str = "fer2013", *, published: bool = True) -> FaceSet:
    return FaceSet(
        name=name,
        pictures=np.zeros((3, 2, 2), np.uint8),
        labels=np.array([0, 1, 0], np.int64),
        expressions=("happy", "sad"),
        splits=np.array(["training", "validation", "test"]),
        row_ids=np.array(["a", "b", "c"]),
        origins=np.array(["a", "b", "c"]),
        has_published_splits=published,
    )


def forerunner(data_set: str, **changes: Any) -> Forerunner:
    return Forerunner(**{"source": "m", "data_set": data_set, "splits_seen": OWN, **changes})


def seen_after(face_set: FaceSet, *before: Forerunner) -> dict[str, str]:
    seen: dict[str, str] = inherit(OWN, before, face_set)["splits_seen"]
    return seen


@pytest.mark.parametrize(
    ("data_set", "before"), [("fer2013", "fer2013"), ("ferplus", "fer2013-six"), ("fer2013", "fer2013+ck_plus")]
)
def test_inherit_goes_by_name_where_splits_are_shared(data_set: str, before: str) -> None:
    assert seen_after(make_set(data_set), forerunner(before)) == {
        "training": "trained on; trained on by m",
        "validation": "chosen on; chosen on by m",
    }


@pytest.mark.parametrize(
    ("data_set", "before", "published"),
    [
        ("facial_recognition", "fer2013", (True, True)),
        ("fer2013", "fer2013", (True, False)),
        ("fer2013", "fer2013", (False, True)),
        ("ck_plus", "ck_plus48", (False, False)),
    ],
)
def test_inherit_suspects_all_where_splits_differ(data_set: str, before: str, published: tuple[bool, bool]) -> None:
    face_set = make_set(data_set, published=published[1])
    seen = seen_after(face_set, forerunner(before, has_published_splits=published[0]))
    assert seen["test"] == "may have been trained on by m"
    assert seen["validation"] == "chosen on; may have been trained on by m"


@pytest.mark.parametrize("before", ["raf_db", "unknown"])
def test_inherit_takes_nothing_seen_from_other_pictures_and_lists_them(before: str) -> None:
    facts = inherit(OWN, [forerunner(before, is_leaky=True)], make_set())
    assert facts["splits_seen"] == OWN
    assert [each["data_set"] for each in facts["forerunners"]] == [before]
    assert "is_leaky" not in facts


@pytest.mark.parametrize("name", ["mine", "of another name"])
def test_inherit_goes_by_split_where_the_data_are_the_same(name: str) -> None:
    face_set = make_set("mine", published=False)
    before = forerunner(name, has_published_splits=False, data_fingerprint=face_set.fingerprint)
    assert seen_after(face_set, before) == {
        "training": "trained on; trained on by m",
        "validation": "chosen on; chosen on by m",
    }


def test_inherit_knows_the_first_of_a_chain_by_its_own_name_and_once() -> None:
    first = forerunner("fer2013", source="first")
    second = forerunner(
        "fer2013", source="second", splits_seen={"training": "trained on; trained on by first", "test": "chosen on"}
    )
    assert seen_after(make_set(), second, first) == {
        "training": "trained on; trained on by second; trained on by first",
        "validation": "chosen on; chosen on by first",
        "test": "chosen on by second",
    }


def test_inherit_reaches_over_a_forerunner_of_other_pictures() -> None:
    seen = seen_after(make_set(), forerunner("mine", source="second"), forerunner("fer2013", source="first"))
    assert seen == {"training": "trained on; trained on by first", "validation": "chosen on; chosen on by first"}


def test_inherit_takes_a_leak_of_these_pictures_over() -> None:
    assert inherit(OWN, [forerunner("fer2013", is_leaky=True)], make_set("ferplus"))["is_leaky"] is True


def test_inherit_lists_each_forerunner_once() -> None:
    listed = inherit(OWN, [forerunner("fer2013"), forerunner("mine"), forerunner("fer2013")], make_set())["forerunners"]
    assert [each["data_set"] for each in listed] == ["fer2013", "mine"]
    assert Forerunner.from_dict(listed[0]) == forerunner("fer2013")


def test_inherit_has_nothing_to_say_without_forerunners() -> None:
    assert inherit(OWN, [], make_set()) == {}


def test_hand_on_names_added_sets_as_trained_on_in_all_splits() -> None:
    itself = forerunner("mine+ck_plus+fer2013", weights_fingerprint="w")
    handed_on = hand_on(itself)
    assert handed_on[0] == itself
    assert handed_on[1:] == (
        forerunner("ck_plus", splits_seen=ALL, weights_fingerprint="w"),
        forerunner("fer2013", splits_seen=ALL, weights_fingerprint="w"),
    )
    assert seen_after(make_set(), *handed_on)["test"] == "trained on by m"


def test_hand_on_adds_its_own_forerunners() -> None:
    before = {"source": "first", "data_set": "fer2013", "splits_seen": OWN, "of a later version": 1}
    assert hand_on(forerunner("mine"), [before])[1:] == (forerunner("fer2013", source="first"),)


@pytest.mark.parametrize(
    ("data_set", "other", "expected"),
    [
        ("ferplus", "fer2013-six", True),
        ("fer2013+ck_plus", "facial_recognition", True),
        ("ck_plus+fer2013", "fer2013", False),
        ("mine", "mine", True),
        ("mine", "yours", False),
    ],
)
def test_has_same_pictures_goes_by_the_first_set(data_set: str, other: str, expected: bool) -> None:
    assert has_same_pictures(data_set, other) is expected
