from pathlib import Path

import pytest

from mien.app.dataset_arguments import read_named, read_several
from mien.errors import MienError
from tests.made_datasets import make_class_folders, make_jaffe


def test_read_named_reads_options_as_toml_or_text(tmp_path: Path) -> None:
    made = make_class_folders(tmp_path)
    assert read_named("class_folders", str(made.path), ["name=mine", 'unknown="skip"']).name == "mine"


def test_read_named_takes_a_path_with_an_equals_sign_for_what_it_is(tmp_path: Path) -> None:
    made = make_class_folders(tmp_path / "name=other")
    assert read_named("class_folders", str(made.path), None).name == "mine"


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        ("nowhere", ["skip"], "'skip' is no setting; expected OPTION=VALUE, such as labels=arg_max"),
        ("nam=x", None, "data set 'class_folders': nam: unknown option; did you mean 'name'?"),
        ("name=x", None, "data set 'class_folders' has no usual place; name its file or folder"),
    ],
    ids=["no option", "unknown option", "no place"],
)
def test_read_named_says_what_is_wrong(path: str, options: list[str] | None, message: str) -> None:
    with pytest.raises(MienError, match=message):
        read_named("class_folders", path, options)


def test_read_several_takes_paths_and_options_behind_each_name(tmp_path: Path) -> None:
    mine, jaffe = str(make_class_folders(tmp_path).path), str(make_jaffe(tmp_path).path)
    arguments = ["class_folders", mine, "name=a", "unknown=skip", "jaffe", jaffe, "class_folders", mine]
    assert [each.name for each in read_several(arguments)] == ["a", "jaffe", "mine"]


def test_read_several_takes_usual_places(monkeypatch: pytest.MonkeyPatch, fer2013_csv: Path) -> None:
    monkeypatch.setenv("MIEN_FER2013", str(fer2013_csv))
    assert [(each.name, len(each)) for each in read_several(["fer2013", "fer2013"])] == [("fer2013", 140)] * 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "jaffe"], "unknown data set 'nowhere'"),
        (["jaffe", "one", "two"], "'two' follows jaffe one; expected OPTION=VALUE, or another data set, as mien data"),
        (["jaffe", "class_folders"], "data set 'jaffe' has no usual place; name its file or folder"),
    ],
    ids=["unknown", "two paths", "no place"],
)
def test_read_several_says_what_is_wrong(arguments: list[str], message: str) -> None:
    with pytest.raises(MienError, match=message):
        read_several(arguments)
