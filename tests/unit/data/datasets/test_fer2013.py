import gzip
import lzma
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.data.audit import audit
from mien.data.datasets.fer2013 import _parse_pixels, read_fer2013, read_ferplus_votes
from mien.errors import DataError
from mien.expressions import FER2013_EXPRESSIONS, FERPLUS_VOTE_NAMES
from tests.conftest import make_rows, write_csv, write_folders
from tests.made_datasets import FERPLUS_HEADER


def write_votes(file: Path, num_rows: int, *, header: str = FERPLUS_HEADER) -> Path:
    rows = [f"Training,fer{row:07d}.png,{row % 11},0,0,0,0,0,0,0,0,{10 - row % 11}" for row in range(num_rows)]
    file.write_text("\n".join([header, *rows]) + "\n")
    return file


def test_csv_gives_pixels_labels_splits_and_ids(fer2013_csv: Path) -> None:
    faces, labels, usages = make_rows(140)
    face_set = read_fer2013(fer2013_csv)
    np.testing.assert_array_equal(face_set.faces, faces)
    np.testing.assert_array_equal(face_set.labels, labels)
    expected = {"Training": "training", "PublicTest": "validation", "PrivateTest": "test"}
    assert face_set.splits.tolist() == [expected[usage] for usage in usages]
    assert face_set.row_ids[7] == "fer2013:00007"
    assert face_set.origins[7] == "fer2013.csv:9"
    assert face_set.expressions == FER2013_EXPRESSIONS


@pytest.mark.parametrize(
    "variant",
    ["spaces in header", "other order", "windows line ends", "quoted pixels", "no last line end", "byte order mark"],
)
def test_csv_variants_give_the_same_set(fer2013_csv: Path, tmp_path: Path, variant: str) -> None:
    text = fer2013_csv.read_text()
    rows = [line.split(",") for line in text.splitlines()]
    changed = {
        "spaces in header": lambda: text.replace("emotion,pixels,Usage", "emotion, pixels, Usage"),
        "other order": lambda: "\n".join(f"{e}, {u}, {p}" for e, p, u in rows) + "\n",
        "windows line ends": lambda: text.replace("\n", "\r\n"),
        "quoted pixels": lambda: "\n".join(f'{e},"{p}",{u}' for e, p, u in rows) + "\n",
        "no last line end": lambda: text.rstrip("\n"),
        "byte order mark": lambda: "\ufeff" + text,
    }[variant]()
    other = tmp_path / "icml_face_data.csv"
    other.write_text(changed, encoding="utf-8", newline="")
    assert read_fer2013(other).fingerprint == read_fer2013(fer2013_csv).fingerprint


def test_a_folder_with_the_csv_is_read(fer2013_csv: Path) -> None:
    assert len(read_fer2013(fer2013_csv.parent)) == 140


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("7,{pixels},Training", r"line 5: label '7', expected 0 to 6"),
        ("x,{pixels},Training", r"line 5: label 'x', expected 0 to 6"),
        ("-1,{pixels},Training", r"line 5: label '-1', expected 0 to 6"),
        ("0,{short},Training", r"line 5: 2303 pixels, expected 2304"),
        ("0,{long},Training", r"line 5: 2305 pixels, expected 2304"),
        ("0,{pixels}", r"line 5: 2 fields, expected 3"),
        ("0,{pixels},Training,1", r"line 5: 4 fields, expected 3"),
        ("0,{high},Training", r"line 5: pixel values 7 to 256, expected 0 to 255"),
        ("0,{huge},Training", r"line 5: pixel values 7 to 1000, expected 0 to 255"),
        ("0,{negative},Training", r"line 5: pixel values -7 to 7, expected 0 to 255"),
        ("0,{words},Training", r"line 5: pixels that are no whole numbers"),
        ("0,{fraction},Training", r"line 5: pixels that are no whole numbers"),
        ("0,{endless},Training", r"line 5: pixel values 7 to 9{20}, expected 0 to 255"),
        ("0,{underscore},Training", r"line 5: pixels that are no whole numbers"),
        ("0,,Training", r"line 5: 0 pixels, expected 2304"),
        ("0,{pixels},Test", r"line 5: Usage 'Test', expected Training, PublicTest, PrivateTest"),
    ],
)
def test_a_bad_row_is_named_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    file = write_csv(tmp_path / "fer2013.csv", *make_rows(6))
    row = ["7"] * 2304
    line = line.format(
        pixels=" ".join(row),
        short=" ".join(row[1:]),
        long=" ".join([*row, "7"]),
        high=" ".join([*row[1:], "256"]),
        huge=" ".join([*row[1:], "1000"]),
        negative=" ".join(["-7", *row[1:]]),
        endless=" ".join([*row[1:], "9" * 30]),
        underscore=" ".join([*row[1:], "1_0"]),
        words=" ".join(["seven", *row[1:]]),
        fraction=" ".join(["7.5", *row[1:]]),
    )
    lines = file.read_text().splitlines()
    lines[4] = line
    file.write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=message):
        read_fer2013(file)


def test_extra_blanks_between_numbers_are_no_fault(tmp_path: Path) -> None:
    faces, labels, usages = make_rows(6)
    file = write_csv(tmp_path / "fer2013.csv", faces, labels, usages)
    lines = file.read_text().splitlines()
    lines[3] = lines[3].replace(" ", "  ", 5)
    file.write_text("\n".join([*lines, "", ""]))
    np.testing.assert_array_equal(read_fer2013(file).faces, faces)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column emotion, pixels, usage; .*found an empty first line"),
        ("emotion,pixels\n", "no column usage; expected emotion, pixels, Usage, found emotion, pixels"),
        ("a,b,c\n1,2,3\n", "no column emotion, pixels, usage"),
        ("emotion,pixels,Usage\n", "no rows under the header"),
        ("emotion,pixels,Usage\n\n\n", "no rows under the header"),
    ],
)
def test_a_csv_without_columns_or_rows_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "fer2013.csv"
    file.write_text(text)
    with pytest.raises(DataError, match=message):
        read_fer2013(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.csv does not exist; expected fer2013\.csv or a folder"):
        read_fer2013(tmp_path / "nowhere.csv")


def test_blank_lines_do_not_shift_line_numbers(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "fer2013.csv", *make_rows(6))
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:2], "", "", *lines[2:]]) + "\n")
    assert read_fer2013(file).origins.tolist() == [f"fer2013.csv:{number}" for number in (2, 5, 6, 7, 8, 9)]
    file.write_text(
        "\n".join([*lines[:2], "", "", *lines[2:4], lines[4].replace(" ", "  ", 1) + "x", *lines[5:]]) + "\n"
    )
    with pytest.raises(DataError, match="line 7: Usage"):
        read_fer2013(file)


def test_parse_pixels_agrees_with_python_on_every_value() -> None:
    values = np.resize(np.arange(256), 3 * 2304).reshape(3, 2304)
    rows = [" ".join(map(str, row)).encode() for row in values]
    parsed = _parse_pixels(rows)
    assert parsed is not None
    np.testing.assert_array_equal(parsed.reshape(3, 2304), values)


@pytest.mark.parametrize("bad", ["256", "300", "999", "1000", "00001", "-1", "1.0", "a", ""])
def test_parse_pixels_leaves_odd_rows_to_the_slow_path(bad: str) -> None:
    row = " ".join(["7"] * 2303 + [bad]).encode()
    assert _parse_pixels([b" ".join([b"7"] * 2304), row]) is None


# --- packed --------------------------------------------------------------------------------------------------------


def pack(file: Path, ending: str) -> Path:
    """Pack the contest's CSV as people have it, the archives with another file beside it."""
    packed = file.parent.parent / f"fer2013{ending}"
    if ending in (".csv.gz", ".csv.xz"):
        packed.write_bytes((gzip if ending.endswith("gz") else lzma).compress(file.read_bytes()))
    elif ending == ".zip":
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README", "challenge")
            archive.write(file, "fer2013.csv")
    else:
        with tarfile.open(packed, "w:gz") as tar:
            (file.parent / "README").write_text("challenge")
            tar.add(file.parent, "fer2013")
    return packed


@pytest.mark.parametrize("ending", [".csv.gz", ".csv.xz", ".zip", ".tar.gz"])
def test_a_packed_csv_gives_the_same_set(fer2013_csv: Path, ending: str) -> None:
    packed = pack(fer2013_csv, ending)
    face_set = read_fer2013(packed)
    assert face_set.fingerprint == read_fer2013(fer2013_csv).fingerprint
    assert face_set.origins[7] == f"{packed.name}:9"
    assert read_fer2013(packed.parent).fingerprint == face_set.fingerprint


@pytest.mark.parametrize("ending", [".csv.gz", ".csv.xz", ".zip", ".tar.gz"])
def test_a_packed_csv_that_is_cut_off_is_named(fer2013_csv: Path, ending: str) -> None:
    packed = pack(fer2013_csv, ending)
    packed.write_bytes(packed.read_bytes()[: packed.stat().st_size // 2])
    with pytest.raises(DataError, match=rf"fer2013{ending}: damaged, cut off or not what its ending says"):
        read_fer2013(packed)


def test_a_bad_row_in_an_archive_is_named_with_its_line(fer2013_csv: Path) -> None:
    lines = fer2013_csv.read_text().splitlines()
    fer2013_csv.write_text("\n".join([*lines[:4], "9" + lines[4][1:], *lines[5:]]))
    with pytest.raises(DataError, match=r"fer2013\.tar\.gz/fer2013/fer2013\.csv, line 5: label '9', expected 0 to 6"):
        read_fer2013(pack(fer2013_csv, ".tar.gz"))


# --- folders -------------------------------------------------------------------------------------------------------


def test_folders_with_prefixes_equal_the_csv(fer2013_csv: Path, tmp_path: Path) -> None:
    folder = write_folders(tmp_path / "folders", *make_rows(140), has_prefix=True)
    from_folders, from_csv = read_fer2013(folder), read_fer2013(fer2013_csv)
    assert from_folders.fingerprint == from_csv.fingerprint
    assert from_folders.row_ids.tolist() == from_csv.row_ids.tolist()


def test_folders_without_prefixes_get_a_validation_part(tmp_path: Path) -> None:
    faces, labels, usages = make_rows(210)
    face_set = read_fer2013(write_folders(tmp_path / "folders", faces, labels, usages, has_prefix=False))
    assert face_set.split_counts()["test"] == sum(usage != "Training" for usage in usages)
    counts = face_set.class_counts("validation")
    assert all(1 <= count <= 3 for count in counts.values())
    assert "validation cut from training" in face_set.history[-1]


def test_folders_accept_other_spellings(tmp_path: Path) -> None:
    folder = write_folders(tmp_path / "folders", *make_rows(140), has_prefix=True)
    (folder / "train" / "happy").rename(folder / "train" / "Happiness")
    assert read_fer2013(folder).class_counts()["happy"] == 20


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / "train" / "happy").rename(f / "train" / "hungry"), "no expression is called 'hungry'"),
        (lambda f: (f / "train" / "happy").rename(f / "train" / "contempt"), "FER2013 has no class 'contempt'"),
        (
            lambda f: Image.new("L", (50, 48)).save(f / "train" / "sad" / "Training_2.png"),
            "50x48 pixels, expected 48x48",
        ),
        (lambda f: Image.new("L", (48, 48)).save(f / "train" / "sad" / "other.png"), "no prefix Training_"),
    ],
    ids=["unknown class", "foreign class", "wrong size", "mixed prefixes"],
)
def test_folders_with_faults_are_named(tmp_path: Path, spoil, message: str) -> None:
    folder = write_folders(tmp_path / "folders", *make_rows(70), has_prefix=True)
    spoil(folder)
    with pytest.raises(DataError, match=message):
        read_fer2013(folder)


@pytest.mark.parametrize("has_prefix", [True, False])
def test_a_folder_with_an_unreadable_picture_stays_in_files_and_the_audit_finds_it(
    tmp_path: Path, has_prefix: bool
) -> None:
    folder = write_folders(tmp_path / "folders", *make_rows(70), has_prefix=has_prefix)
    intact = read_fer2013(folder)
    broken = sorted((folder / "train" / "happy").iterdir())[2]
    broken.write_bytes(broken.read_bytes()[:60])
    face_set = read_fer2013(folder)
    assert face_set.row_ids.tolist() == intact.row_ids.tolist()
    assert face_set.history[1] == (
        f"pictures stay in files: train/happy/{broken.name}: a PNG that is cut off; fetch the file again"
    )
    findings = audit(face_set)
    assert face_set.origins[~findings.is_readable].tolist() == [f"train/happy/{broken.name}"]
    with pytest.raises(DataError, match=rf"fer2013: pictures stay in files: .*{broken.name}: .*; prepare them first"):
        _ = face_set.faces


def test_pictures_beside_a_csv_are_refused(fer2013_csv: Path) -> None:
    write_folders(fer2013_csv.parent, *make_rows(70), has_prefix=True)
    with pytest.raises(
        DataError, match=r"data: two layouts in one folder, fer2013\.csv and train; keep one of them, or"
    ):
        read_fer2013(fer2013_csv.parent)
    assert len(read_fer2013(fer2013_csv)) == 140


def test_other_folders_beside_train_and_test_are_left_alone(tmp_path: Path) -> None:
    folder = write_folders(tmp_path / "folders", *make_rows(70), has_prefix=True)
    (folder / "extra" / "angry").mkdir(parents=True)
    Image.new("L", (48, 48)).save(folder / "extra" / "angry" / "x.png")
    assert len(read_fer2013(folder)) == 70


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="neither a CSV"):
        read_fer2013(tmp_path)
    (tmp_path / "train").mkdir()
    with pytest.raises(DataError, match="no pictures under train or test"):
        read_fer2013(tmp_path)


# --- FER+ ----------------------------------------------------------------------------------------------------------


def test_votes_beside_the_csv_join_by_row(fer2013_csv: Path) -> None:
    write_votes(fer2013_csv.with_name("fer2013new.csv"), 140)
    face_set = read_fer2013(fer2013_csv)
    assert face_set.vote_names == FERPLUS_VOTE_NAMES
    assert face_set.votes is not None
    assert face_set.votes[3, FERPLUS_VOTE_NAMES.index("neutral")] == 3
    assert face_set.votes[3, FERPLUS_VOTE_NAMES.index("not_a_face")] == 7
    assert face_set.select(np.array([3])).votes.tolist() == [face_set.votes[3].tolist()]


def test_votes_of_another_length_are_refused(fer2013_csv: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="139 rows, expected 140, one for each row of FER2013"):
        read_fer2013(fer2013_csv, votes_file=write_votes(tmp_path / "votes.csv", 139))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a CSV file with a header"),
        (FERPLUS_HEADER.replace("NF", "XX") + "\n", "fer2013new.csv: no expression is called 'XX'"),
        ("a,b\n1,2\n", "2 columns, expected 12"),
        (FERPLUS_HEADER.replace("NF", "happy") + "\n", "vote columns"),
        (FERPLUS_HEADER + "\nTraining,x.png,1,2,3\n", "line 2: 3 columns of votes, expected 10"),
        (FERPLUS_HEADER + "\n\n", "line 2: 0 columns of votes, expected 10"),
        (FERPLUS_HEADER + "\nTraining,x.png,1,1,1,1,1,1,1,1,1,many\n", "line 2: vote 'many', expected a whole number"),
    ],
)
def test_broken_votes_are_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "fer2013new.csv"
    file.write_text(text)
    with pytest.raises(DataError, match=message):
        read_ferplus_votes(file)


def test_missing_votes_file_is_named(tmp_path: Path, fer2013_csv: Path) -> None:
    with pytest.raises(DataError, match="does not exist; expected FER"):
        read_ferplus_votes(tmp_path / "fer2013new.csv")
    with pytest.raises(DataError, match="does not exist; expected FER"):
        read_fer2013(fer2013_csv, votes_file=tmp_path / "fer2013new.csv")


def test_votes_do_not_join_a_folder_of_pictures(tmp_path: Path) -> None:
    folder = write_folders(tmp_path / "folders", *make_rows(70), has_prefix=True)
    votes_file = write_votes(tmp_path / "votes.csv", 70)
    with pytest.raises(DataError, match="votes join by the rows of the CSV, and this is a folder of pictures"):
        read_fer2013(folder, votes_file=votes_file)
