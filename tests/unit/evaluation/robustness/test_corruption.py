import numpy as np
import pytest

from mien.errors import DataError, MienError
from mien.evaluation.robustness import CorruptionCard, corrupt_faces, register_corruption
from mien.evaluation.robustness.corruption import to_levels
from tests.made_faces import make_faces


@pytest.mark.parametrize("strengths", [(1, 2, 3, 4), (0, 1, 2, 3, 4), (1, 2, 2, 3, 4)])
def test_a_card_has_five_rising_strengths(strengths: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"strengths are \(.*\); expected 5 that rise from above 0"):
        CorruptionCard(title="a", unit="b", strengths=strengths, source="c")


def test_a_name_is_taken_once() -> None:
    card = CorruptionCard(title="a", unit="b", strengths=(1, 2, 3, 4, 5), source="c")
    with pytest.raises(MienError, match=r"corruption 'blur' is registered twice: in mien\..*blur and in"):
        register_corruption("blur", card=card)(lambda faces, strength, random: faces)


def test_an_unknown_corruption_is_refused() -> None:
    with pytest.raises(MienError, match="unknown corruption 'blurr'; did you mean 'blur'"):
        corrupt_faces(make_faces(1), "blurr", 1)


@pytest.mark.parametrize("faces", [make_faces(1).astype(np.float32), make_faces(1)[0], make_faces(1)[..., None]])
def test_other_arrays_are_refused(faces: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"faces are .*; only uint8 \(N, H, W\[, 3\]\) can be corrupted"):
        corrupt_faces(faces, "blur", 1)


@pytest.mark.parametrize("strength", [-1, 6.5, float("nan")])
def test_a_strength_beyond_the_card_is_refused(strength: float) -> None:
    with pytest.raises(ValueError, match=r"blur: strength is .*; expected 0\.\.6"):
        corrupt_faces(make_faces(1), "blur", strength)


def test_another_seed_draws_something_else() -> None:
    faces = make_faces(2)
    assert (corrupt_faces(faces, "noise", 10, seed=1) != corrupt_faces(faces, "noise", 10, seed=2)).any()


def test_many_faces_are_all_corrupted_and_none_as_another() -> None:
    faces = np.repeat(make_faces(1, side=8), 600, axis=0)
    corrupted = corrupt_faces(faces, "noise", 20)
    assert len(np.unique(corrupted.reshape(600, -1), axis=0)) == 600


def test_levels_are_rounded_and_cut() -> None:
    assert to_levels(np.array([-3.0, 0.6, 254.4, 300.0])).tolist() == [0, 1, 254, 255]
