from collections.abc import Callable

import numpy as np
import pytest

from mien.data.audit.near_duplicates import LEAST_SIMILARITY, NearPairs, find_near_pairs
from tests.unit.data.audit.scenes import crop, make_scenes, recompress, shift

ORIGINALS = make_scenes(60, seed=1)


def found_in(pairs: NearPairs, count: int) -> set[tuple[int, int]]:
    return {(one, other) for one, other in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True) if one < count}


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (recompress, "recompressed"),
        (lambda picture: (0.6 * picture + 20).astype(np.uint8), "recompressed"),
        (lambda picture: shift(picture, 2, 0), "shifted"),
        (lambda picture: shift(picture, -2, 2), "shifted"),
        (lambda picture: recompress(shift(picture, 1, -2)), "shifted"),
        (crop, "zoomed"),
        (lambda picture: picture[:, ::-1], "mirrored"),
        (lambda picture: recompress(shift(picture[:, ::-1], 2, 1)), "mirrored"),
    ],
    ids=["JPEG 60", "paler", "down", "up and right", "shifted JPEG", "cropped", "flipped", "flipped, shifted, JPEG"],
)
def test_each_planted_copy_is_found_with_its_kind_and_no_other(
    change: Callable[[np.ndarray], np.ndarray], kind: str
) -> None:
    pairs = find_near_pairs(np.concatenate([ORIGINALS, np.stack([change(scene) for scene in ORIGINALS])]))
    assert found_in(pairs, 60) == {(row, row + 60) for row in range(60)}
    assert set(pairs.kinds.tolist()) == {kind}
    assert (pairs.similarity >= LEAST_SIMILARITY).all()
    assert (pairs.similarity <= 1).all()


def test_a_copy_is_found_whichever_of_the_two_is_enlarged() -> None:
    pairs = find_near_pairs(np.concatenate([np.stack([crop(scene, 3) for scene in ORIGINALS]), ORIGINALS]))
    assert found_in(pairs, 60) == {(row, row + 60) for row in range(60)}


def test_different_pictures_are_no_pairs() -> None:
    assert len(find_near_pairs(make_scenes(300, seed=2))) == 0


def test_a_flip_is_as_similar_as_can_be() -> None:
    scene = ORIGINALS[0]
    pairs = find_near_pairs(np.stack([scene, ORIGINALS[1], scene[:, ::-1]]))
    assert pairs.similarity.tolist() == [pytest.approx(1, abs=1e-3)]
    assert (pairs.first.tolist(), pairs.second.tolist()) == ([0], [2])


def test_a_symmetric_picture_is_a_pair_with_its_copy_once() -> None:
    half = ORIGINALS[3]
    symmetric = ((half.astype(int) + half[:, ::-1]) // 2).astype(np.uint8)
    pairs = find_near_pairs(np.stack([symmetric, recompress(symmetric)]))
    assert len(pairs) == 1


def test_what_is_nearly_blank_is_no_pair() -> None:
    faint = (100 + 4 * (ORIGINALS[0] > 128)).astype(np.uint8)
    assert faint.std() < 5
    assert len(find_near_pairs(np.stack([faint, faint, np.zeros_like(faint), np.zeros_like(faint)]))) == 0


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_pictures_have_no_pairs(count: int) -> None:
    pairs = find_near_pairs(ORIGINALS[:count])
    assert len(pairs) == 0
    assert pairs.first.dtype == np.int64


def test_a_higher_bound_leaves_the_surer_pairs() -> None:
    both = np.concatenate([ORIGINALS[:30], np.stack([crop(scene) for scene in ORIGINALS[:30]])])
    lax, strict = find_near_pairs(both), find_near_pairs(both, least_similarity=0.99)
    assert len(strict) < len(lax)
    assert (strict.similarity >= 0.99).all()


def test_the_number_of_threads_changes_nothing() -> None:
    both = np.concatenate([ORIGINALS, np.stack([shift(scene, 1, 1) for scene in ORIGINALS])])
    one, four = find_near_pairs(both, threads=1), find_near_pairs(both, threads=4)
    assert (one.first == four.first).all()
    np.testing.assert_array_equal(one.similarity, four.similarity)


def test_copies_are_found_across_the_blocks_that_are_compared_at_once() -> None:
    many = make_scenes(600, seed=5)
    many[599] = shift(many[3], 0, 2)
    pairs = find_near_pairs(many)
    assert (pairs.first.tolist(), pairs.second.tolist()) == ([3], [599])
