from pathlib import Path

import pytest

from mien.app.dataset_arguments import read_named
from mien.errors import MienError
from tests.made_datasets import make_class_folders


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
