from pathlib import Path

import pytest

from mien.data import DATASETS, read_dataset
from mien.data.registry import find_dataset_option_faults
from mien.errors import DataError, MienError
from tests.made_datasets import make_class_folders, make_ferplus


def test_read_dataset_reads_by_name(fer2013_csv: Path) -> None:
    assert len(read_dataset("fer2013", fer2013_csv)) == 140


def test_read_dataset_takes_the_usual_place(fer2013_csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_FER2013", str(fer2013_csv))
    assert len(read_dataset("fer2013")) == 140


def test_read_dataset_suggests_a_name() -> None:
    with pytest.raises(MienError, match="unknown data set 'fer2031'; did you mean 'fer2013'"):
        read_dataset("fer2031")


def test_read_dataset_says_where_it_looked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIEN_FER2013", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"MIEN_FER2013 names .*nowhere, which does not exist"):
        read_dataset("fer2013")
    monkeypatch.delenv("MIEN_FER2013")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="MIEN_FER2013 is not set; name the CSV file or folder"):
        read_dataset("fer2013")


def test_every_data_set_has_a_card() -> None:
    assert all(entry.card.source and entry.card.license for entry in DATASETS)
    without_count = [entry.name for entry in DATASETS if not entry.card.num_images]
    assert without_count == ["class_folders", "manifest"]


def test_read_dataset_hands_options_to_the_reader(tmp_path: Path) -> None:
    path = make_ferplus(tmp_path).path
    assert read_dataset("ferplus", str(path), labels="arg_max").split_counts()["training"] > 50


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("ferplus", {"lables": "majority"}, "data set 'ferplus': lables: unknown option; did you mean 'labels'?"),
        ("ferplus", {"labels": "max"}, "labels: expected 'majority' or 'arg_max', found 'max'"),
        ("ferplus", {"votes_file": 3, "labels": 1}, "votes_file: expected a path, found 3; labels: expected"),
        ("raf_db", {"compound": 1}, "compound: expected true or false, found 1"),
        ("kdef", {"angles": ["S", "X"]}, "angles: expected 'S' or 'HL' .* or a list of 'S' .*, found \\['S', 'X'\\]"),
        ("jaffe", {"size": 48}, "size: unknown option \\(it has none\\)"),
    ],
)
def test_read_dataset_refuses_options_before_it_reads(name: str, options: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_dataset(name, Path("nowhere"), **options)


def test_find_dataset_option_faults_reads_nothing() -> None:
    assert find_dataset_option_faults("kdef", {"angles": ["S", "HL"]}) == []
    assert find_dataset_option_faults("kdef", {"angles": "S"}) == []
    assert find_dataset_option_faults("class_folders", {"unknown": "drop", "nam": "x"}) == [
        "unknown: expected 'refuse' or 'skip', found 'drop'",
        "nam: unknown option; did you mean 'name'?",
    ]
    with pytest.raises(MienError, match="unknown data set 'kdeff'; did you mean 'kdef'"):
        find_dataset_option_faults("kdeff", {})


def test_read_dataset_needs_a_path_where_there_is_no_usual_place() -> None:
    with pytest.raises(DataError, match="data set 'jaffe' has no usual place; name its file or folder"):
        read_dataset("jaffe")


def test_an_option_may_be_called_name(tmp_path: Path) -> None:
    made = make_class_folders(tmp_path)
    assert read_dataset("class_folders", made.path, name="mine").name == "mine"
