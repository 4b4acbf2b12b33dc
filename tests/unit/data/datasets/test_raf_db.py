import shutil
from pathlib import Path

import pytest

from mien.data.datasets.raf_db import read_raf_db
from mien.errors import DataError
from mien.expressions import RAF_DB_COMPOUND_EXPRESSIONS, RAF_DB_EXPRESSIONS
from tests.made_datasets import make_raf_db, make_raf_db_folders, save_face


def facts(face_set) -> dict[str, tuple[str, str]]:
    rows = zip(face_set.row_ids.tolist(), face_set.labels, face_set.splits.tolist(), strict=True)
    return {row_id: (face_set.expressions[label], split) for row_id, label, split in rows}


def test_numbers_and_published_splits_are_read(tmp_path: Path) -> None:
    face_set = read_raf_db(make_raf_db(tmp_path).path)
    assert face_set.expressions == RAF_DB_EXPRESSIONS
    assert face_set.split_counts() == {"training": 14, "validation": 0, "test": 7}
    assert face_set.has_published_splits
    assert "label '1' read as surprise: 3 pictures" in face_set.history


def test_compound_labels_are_an_option(tmp_path: Path) -> None:
    make_raf_db(tmp_path)
    made = make_raf_db(tmp_path, compound=True)
    face_set = read_raf_db(tmp_path, compound=True)
    assert face_set.name == "raf_db_compound"
    assert face_set.expressions == RAF_DB_COMPOUND_EXPRESSIONS
    assert facts(face_set) == {row_id: row[:2] for row_id, row in made.rows.items()}
    assert len(read_raf_db(tmp_path)) == 21


def test_the_folders_of_the_web_are_read(tmp_path: Path) -> None:
    made = make_raf_db_folders(tmp_path)
    face_set = read_raf_db(tmp_path)
    assert facts(face_set) == {row_id: row[:2] for row_id, row in made.rows.items()}
    assert "folder '7' read as neutral: 2 pictures" in face_set.history
    assert len(read_raf_db(tmp_path / "DATASET")) == 14


def test_pictures_without_a_line_are_left_out_and_counted(tmp_path: Path) -> None:
    made = make_raf_db(tmp_path)
    save_face(made.path / "Image" / "aligned" / "train_09999_aligned.jpg", "fear")
    face_set = read_raf_db(made.path)
    assert len(face_set) == 21
    assert face_set.history[0] == "1 picture without a line in list_patition_label.txt left out"


def edit(change):
    def spoil(folder: Path) -> None:
        file = folder / "EmoLabel" / "list_patition_label.txt"
        file.write_text("\n".join(change(file.read_text().splitlines())) + "\n")

    return spoil


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: shutil.rmtree(f / "EmoLabel"), r"no list_patition_label\.txt and no folders train and test"),
        (lambda f: shutil.rmtree(f / "Image"), r"no folder Image/aligned; expected the aligned pictures"),
        (
            lambda f: (f / "Image" / "aligned" / "train_00002_aligned.jpg").unlink(),
            r"list_patition_label\.txt, line 4: no picture train_00002_aligned\.jpg in .*aligned",
        ),
        (edit(lambda lines: []), r"list_patition_label\.txt: empty; expected lines such as 'train_00001\.jpg 5'"),
        (edit(lambda lines: ["train_00001.jpg"]), r"line 1: 'train_00001\.jpg', expected such as 'train_00001\.jpg 5'"),
        (edit(lambda lines: ["1.jpg 5"]), r"line 1: '1\.jpg 5', expected such as"),
        (edit(lambda lines: ["", "test_0001.jpg x"]), "line 2: label 'x', expected 1 to 7$"),
        (edit(lambda lines: ["test_0001.jpg 9"]), "line 1: label '9', expected 1 to 7; compound = true reads"),
        (edit(lambda lines: [*lines, lines[2]]), r"line 22: test_0001\.jpg stands in line 3 already"),
        (
            lambda f: save_face(f / "train" / "1" / "train_00001_aligned.jpg", "surprise"),
            r"two layouts in one folder, list_patition_label\.txt and train; keep one of them",
        ),
    ],
)
def test_what_is_missing_or_broken_is_named(tmp_path: Path, spoil, message: str) -> None:
    made = make_raf_db(tmp_path)
    spoil(made.path)
    with pytest.raises(DataError, match=message):
        read_raf_db(made.path)


def test_basic_labels_are_not_taken_for_compound_ones(tmp_path: Path) -> None:
    made = make_raf_db(tmp_path)
    with pytest.raises(
        DataError, match="labels 1 to 7 alone, which are the basic ones; name the folder of the compound"
    ):
        read_raf_db(made.path, compound=True)
