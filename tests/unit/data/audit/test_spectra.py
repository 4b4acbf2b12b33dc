import numpy as np
import pytest

from mien.data.audit import spectra
from mien.data.audit.spectra import Spectra, drop_repeated
from tests.unit.data.audit.scenes import make_scenes, shift

SCENES = make_scenes(8, seed=4)


def all_candidates(pictures: np.ndarray) -> np.ndarray:
    compared = Spectra(pictures)
    return drop_repeated([compared.find_candidates(block) for block in compared.blocks()])


def test_a_copy_is_a_candidate_at_small_shifts_and_is_placed_there() -> None:
    for shift_yx in ((0, 0), (2, -2), (-3, 1)):
        pictures = np.stack([SCENES[0], shift(SCENES[0], *shift_yx)])
        candidates = all_candidates(pictures)
        assert (0, 1) in zip(candidates["one"].tolist(), candidates["other"].tolist(), strict=True)
        (placed,) = (each for each in Spectra(pictures).place(candidates) if not each.is_mirrored and each.zoom == 1)
        assert placed.shift_yx == (-shift_yx[0], -shift_yx[1])


def test_a_mirrored_copy_is_a_mirrored_candidate() -> None:
    pictures = np.stack([SCENES[0], SCENES[1], shift(SCENES[0], 1, 2)[:, ::-1]])
    candidates = all_candidates(pictures)
    assert candidates["is_mirrored"].tolist() == [True]
    (placed,) = Spectra(pictures).place(candidates)
    assert (placed.one, placed.other, placed.is_mirrored, placed.shift_yx) == (0, 2, True, (-1, -2))


def test_each_pair_is_a_candidate_once_as_it_is_and_once_mirrored() -> None:
    candidates = all_candidates(np.concatenate([SCENES, SCENES[:, ::-1], SCENES]))
    low = np.minimum(candidates["one"], candidates["other"])
    high = np.maximum(candidates["one"], candidates["other"])
    keys = np.stack([low, high, candidates["is_mirrored"]], axis=1)
    assert len(np.unique(keys, axis=0)) == len(keys)
    assert (low < high).all()


def test_a_row_that_resembles_very_many_keeps_its_best(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectra, "_MOST_CANDIDATES_A_ROW", 3)
    frames = np.stack([shift(SCENES[0], 0, right) for right in range(-6, 6)])
    candidates = all_candidates(frames)
    plain = candidates[~candidates["is_mirrored"] & ~candidates["is_enlarged"]]
    assert (np.bincount(plain["one"]) <= 3).all()
    assert set(range(1, 4)) == set(plain["other"][plain["one"] == 0].tolist())


def test_no_pictures_are_no_blocks() -> None:
    assert Spectra(SCENES[:0]).blocks() == []
    assert len(drop_repeated([])) == 0
