from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.data import FaceSet
from mien.data.audit.copies import rows_with_copy_in
from mien.data.merging import merge_auxiliary, merge_sets
from mien.data.pictures import PictureFiles
from mien.errors import DataError
from mien.expressions import CK_PLUS_EXPRESSIONS, FER2013_EXPRESSIONS
from tests.made_datasets import save_face


def make_set(
    name: str, levels: list[int], expressions: tuple[str, ...] = FER2013_EXPRESSIONS, **changes: object
) -> FaceSet:
    rows = len(levels)
    splits = ["training" if row % 3 == 0 else "validation" if row % 3 == 1 else "test" for row in range(rows)]
    made = FaceSet(
        name=name,
        pictures=np.array(levels, dtype=np.uint8)[:, None, None].repeat(2, 1).repeat(2, 2),
        labels=np.arange(rows, dtype=np.int64) % len(expressions),
        expressions=expressions,
        splits=np.array(splits),
        row_ids=np.array([f"{name}:{row}" for row in range(rows)]),
        origins=np.array([f"{name}.csv:{row}" for row in range(rows)]),
        history=(f"read {name}",),
    )
    return replace(made, **changes)


def test_merge_sets_keeps_rows_names_and_origin() -> None:
    first, second = make_set("fer", [1, 2, 3]), make_set("ck", [4, 5], CK_PLUS_EXPRESSIONS)
    merged = merge_sets([first, second])
    assert merged.name == "fer+ck"
    assert merged.expressions == (*FER2013_EXPRESSIONS, "contempt")
    names = [merged.expressions[label] for label in merged.labels]
    assert names == ["angry", "disgust", "fear", "angry", "contempt"]
    assert merged.columns["data_set"].tolist() == ["fer"] * 3 + ["ck"] * 2
    assert merged.row_ids.tolist() == [*first.row_ids.tolist(), *second.row_ids.tolist()]
    assert merged.splits.tolist() == [*first.splits.tolist(), *second.splits.tolist()]
    assert merged.faces[:, 0, 0].tolist() == [1, 2, 3, 4, 5]
    assert merged.history[0] == "fer: read fer"
    assert merged.history[-1] == "merged: fer 3 + ck 2"
    assert not merged.has_published_splits


def test_merge_sets_maps_to_chosen_classes() -> None:
    sets = [make_set("fer", [1, 2, 3]), make_set("ck", [4, 5], CK_PLUS_EXPRESSIONS)]
    with pytest.raises(DataError, match=r"ck: 1 row outside the classes .*: 1 contempt"):
        merge_sets(sets, "fer2013")
    merged = merge_sets(sets, "fer2013", "both", outside="drop")
    assert (merged.name, len(merged), merged.expressions) == ("both", 4, FER2013_EXPRESSIONS)
    assert any(line.startswith("ck: mapped to 7 classes") and "1 contempt" in line for line in merged.history)


def test_merge_sets_joins_columns_and_keeps_an_earlier_origin() -> None:
    first = make_set("a", [1, 2], columns={"subject": np.array(["x", "y"]), "data_set": np.array(["p", "q"])})
    merged = merge_sets([first, make_set("b", [3])])
    assert merged.columns["subject"].tolist() == ["x", "y", ""]
    assert merged.columns["data_set"].tolist() == ["p", "q", "b"]


def test_merge_sets_keeps_row_ids_unique() -> None:
    first = make_set("a", [1, 2])
    second = replace(make_set("b", [3, 4]), row_ids=first.row_ids)
    assert merge_sets([first, second]).row_ids.tolist() == ["a/a:0", "a/a:1", "b/a:0", "b/a:1"]


def test_merge_sets_keeps_votes_only_where_all_have_the_same() -> None:
    votes = {"votes": np.ones((2, 1), np.int64), "vote_names": ("happy",)}
    first, second = make_set("a", [1, 2], **votes), make_set("b", [3, 4], **votes)
    both = merge_sets([first, second])
    assert both.votes is not None
    assert both.votes.tolist() == [[1]] * 4
    one = merge_sets([first, make_set("c", [5])])
    assert one.votes is None
    assert one.history[-1] == "votes left out: not all sets have the same vote columns"


def test_merge_auxiliary_keeps_the_main_sets_votes() -> None:
    main = make_set("a", [1, 2], votes=np.ones((2, 1), np.int64), vote_names=("happy",))
    others = [make_set("b", [3]), make_set("c", [4], votes=np.ones((1, 1), np.int64), vote_names=("sad",))]
    merged = merge_auxiliary(main, others)
    assert merged.votes is not None
    assert (merged.votes.tolist(), merged.vote_names) == ([[1], [1], [0], [0]], ("happy",))
    assert "b: no votes for happy" in merged.history
    same = make_set("d", [5], votes=np.full((1, 1), 6), vote_names=("happy",))
    kept = merge_auxiliary(main, [same]).votes
    assert kept is not None
    assert kept.tolist() == [[1], [1], [6]]
    assert merge_auxiliary(make_set("a", [1]), [same]).votes is None


def test_merge_sets_of_one_set_names_its_rows() -> None:
    merged = merge_sets([make_set("a", [1, 2])])
    assert merged.columns["data_set"].tolist() == ["a", "a"]
    assert merged.has_published_splits


def test_merge_sets_joins_pictures_in_files(tmp_path: Path) -> None:
    files = [save_face(tmp_path / f"{number}.png", "happy") for number in range(4)]
    sets = [
        make_set(name, [1, 2], pictures=PictureFiles(tuple(files[start : start + 2])))
        for name, start in zip("ab", (0, 2), strict=True)
    ]
    merged = merge_sets(sets)
    assert isinstance(merged.pictures, PictureFiles)
    assert merged.pictures.files == tuple(files)


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ([], "no sets to merge; expected at least one"),
        ([make_set("a", [1]), make_set("a", [2])], "two sets to merge are called 'a'; give each a name of its own"),
        (
            [
                make_set("a", [1]),
                make_set("b", [1], pictures=np.zeros((1, 4, 2, 3), np.uint8)),
                make_set("c", [1], pictures=PictureFiles((Path("x.png"),))),
            ],
            "pictures differ: a 2x2 grey uint8, b 2x4 RGB uint8, c in files; prepare them to one size and colour first",
        ),
    ],
)
def test_merge_sets_refuses(sets: list[FaceSet], message: str) -> None:
    with pytest.raises(DataError, match=message):
        merge_sets(sets)


def test_merge_auxiliary_joins_training_only_and_drops_what_is_judged() -> None:
    main = make_set("fer", [1, 2, 3, 1])
    auxiliary = make_set("raf", [1, 2, 3, 9, 9])
    merged = merge_auxiliary(main, [auxiliary])
    assert merged.columns["data_set"].tolist() == ["fer"] * 4 + ["raf"] * 3
    assert merged.splits[4:].tolist() == ["training"] * 3
    assert merged.splits[:4].tolist() == main.splits.tolist()
    assert merged.faces[4:, 0, 0].tolist() == [1, 9, 9]
    assert "auxiliary rows join training only; 2 with a copy in validation or test of fer dropped" in merged.history
    assert "raf: 3 rows of other splits made training" in merged.history
    assert merged.has_published_splits
    assert not rows_with_copy_in(merged, "training")[merged.splits != "training"].any()


def test_merge_auxiliary_refuses_copies_when_asked() -> None:
    with pytest.raises(DataError, match="2 auxiliary pictures stand in validation or test of fer, the first raf:1"):
        merge_auxiliary(make_set("fer", [1, 2, 3]), [make_set("raf", [1, 2, 3])], copies="refuse")


def test_merge_auxiliary_keeps_the_main_classes() -> None:
    main, auxiliary = make_set("fer", [1, 2, 3]), make_set("ck", [7, 8], CK_PLUS_EXPRESSIONS)
    with pytest.raises(DataError, match="ck: 1 row outside"):
        merge_auxiliary(main, [auxiliary])
    assert merge_auxiliary(main, [auxiliary], outside="drop").expressions == FER2013_EXPRESSIONS
    with pytest.raises(DataError, match="no auxiliary sets to add to fer"):
        merge_auxiliary(main, [])


def test_merge_auxiliary_finds_copies_in_files_too(tmp_path: Path) -> None:
    files = [save_face(tmp_path / f"{number}.png", "happy", size_wh=(20 + number, 20)) for number in range(3)]
    copy, broken = tmp_path / "copy.bmp", tmp_path / "broken.png"
    from PIL import Image

    Image.open(files[1]).save(copy)
    broken.write_bytes(b"PK")
    main = make_set("fer", [1, 2, 3], pictures=PictureFiles(tuple(files)))
    auxiliary = make_set("raf", [1, 2, 3], pictures=PictureFiles((copy, broken, files[0])))
    assert merge_auxiliary(main, [auxiliary]).row_ids.tolist()[3:] == ["raf:1", "raf:2"]
