from pathlib import Path

import numpy as np
import pytest

from mien.errors import MienError, ProtocolError
from mien.evaluation.explanation.answered import open_answered_split
from mien.evaluation.robustness import corrupt_faces, draw_corruption_sheet, draw_run_corruptions
from mien.training import RunFolder
from tests.made_faces import make_faces


def test_a_sheet_shows_faces_clean_and_under_each_strength() -> None:
    faces = make_faces(2, side=72)
    sheet = draw_corruption_sheet(faces, title="made up", corruptions=["blur", "mask"])
    assert (sheet.ndim, sheet.dtype) == (3, np.uint8)
    for shown in (faces[1], corrupt_faces(faces, "blur", 3)[1], corrupt_faces(faces, "mask", 100)[1]):
        windows = np.lib.stride_tricks.sliding_window_view(sheet[..., 0], (72, 72))[:, :, ::8, ::8]
        assert (windows == shown[::8, ::8]).all(axis=(2, 3)).any()


def test_an_unknown_corruption_is_refused() -> None:
    with pytest.raises(MienError, match="unknown corruption 'blurr'"):
        draw_corruption_sheet(make_faces(1), title="made up", corruptions=["blurr"])


def test_a_run_shows_faces_spread_over_its_split(tiny_run: RunFolder) -> None:
    answered = open_answered_split(tiny_run)
    faces = answered.faces.faces[answered.spread_rows(2)]
    expected = draw_corruption_sheet(faces, title=answered.title, corruptions=["noise"], seed=2)
    np.testing.assert_array_equal(draw_run_corruptions(tiny_run, corruptions=["noise"], seed=2), expected)


def test_test_faces_stay_closed_before_their_record(tiny_run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="no record of it under"):
        draw_run_corruptions(tiny_run, split="test", results_folder=tmp_path)
