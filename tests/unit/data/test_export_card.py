from dataclasses import replace
from pathlib import Path

import pytest

from mien.data.export_card import CARD_NAME, card_markdown, is_export, write_card
from mien.data.pictures import PictureFiles
from mien.data.preparation import prepare_set
from tests.unit.data.test_preparation import make_set


def test_the_card_has_counts_classes_history_fingerprint_and_licence() -> None:
    face_set = prepare_set(make_set(100), "resize:size_hw=[40,32] grey_to_rgb")
    text = card_markdown(face_set, layout="`x.csv`.", source="a paper", licence="research only")
    assert text.startswith("<!-- written by mien data export -->\n\n# made\n\n")
    assert "\n- 100 faces of 32x40 pixels, RGB, uint8\n" in text
    assert "- splits: 80 training, 10 validation, 10 test\n" in text
    assert "- files: `x.csv`.\n" in text
    assert f"- fingerprint: `{face_set.fingerprint}`\n" in text
    assert "- source: a paper\n- licence of the source: research only\n" in text
    assert "| class | all | training | validation | test |\n| --- | ---: | ---: | ---: | ---: |\n| a | 15 | " in text
    assert text.endswith("1. made\n2. prepared: resize:size_hw=[40,32] grey_to_rgb\n")


def test_the_card_says_what_is_not_known_and_what_is_not_published() -> None:
    text = card_markdown(replace(make_set(10), history=(), has_published_splits=False), layout="-")
    assert "(cut by hand, not the published ones)" in text
    assert "- source: not stated\n- licence of the source: not stated; ask before passing the pictures on" in text
    assert text.endswith("## What was done\n\nNothing is recorded.\n")
    assert "| validation |" not in card_markdown(make_set(8), layout="-")


def test_the_card_of_pictures_in_files(tmp_path: Path) -> None:
    files = replace(make_set(2), pictures=PictureFiles((tmp_path / "a", tmp_path / "b")))
    assert "- 2 pictures of the sizes that they came in" in card_markdown(files, layout="-")


@pytest.mark.parametrize("content", [None, b"# mine", b"\xff\xfe"], ids=["none", "other", "no text"])
def test_is_export_only_where_the_card_is_mien_s(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / CARD_NAME).write_bytes(content)
    assert not is_export(tmp_path)
    write_card(tmp_path / CARD_NAME, make_set(2), layout="-")
    assert is_export(tmp_path)
