import pytest

from mien.errors import MissingExtraError, PictureError, suggest


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("cam_net", ["camnet", "vgg"], "; did you mean 'camnet'?"),
        ("zzz", ["camnet", "vgg"], "; known: camnet, vgg"),
        ("zzz", [], ""),
    ],
)
def test_suggest(name: str, known: list[str], expected: str) -> None:
    assert suggest(name, known) == expected


def test_missing_extra_names_the_pip_command() -> None:
    assert "pip install 'mien[train]'" in str(MissingExtraError("torch", extra="train"))


def test_picture_error_carries_its_status() -> None:
    assert PictureError("a.jpg: empty", status="empty").status == "empty"
