import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.data import FaceSet
from mien.data.gathering import BLOCK_ROWS, prepare_rows, settle_faults
from mien.data.pictures import PictureFiles
from mien.errors import DataError, NoFaceError, PictureError

NUM_ROWS = 3 * BLOCK_ROWS + 7


def make_set(num_rows: int = NUM_ROWS) -> FaceSet:
    rows = np.arange(num_rows)
    return FaceSet(
        name="made",
        pictures=np.zeros((num_rows, 4, 4), np.uint8) + (rows % 256).astype(np.uint8)[:, None, None],
        labels=rows % 2,
        expressions=("happy", "sad"),
        splits=np.array(["training", "training", "validation", "test"])[rows % 4],
        row_ids=np.array([f"made:{row}" for row in rows]),
        origins=np.array([""] * num_rows),
        history=("made",),
    )


def write_files(folder: Path, *, sides: tuple[int, ...] = (5, 8)) -> FaceSet:
    files = []
    for row in range(20):
        files.append(folder / f"{row}.png")
        Image.fromarray(np.full((sides[row % len(sides)], 5, 3), row, np.uint8)).save(files[-1])
    return replace(make_set(20), pictures=PictureFiles(tuple(files)))


def test_prepare_rows_keeps_order_and_rows_whatever_thread_is_quicker() -> None:
    threads = set()

    def run(face: np.ndarray) -> np.ndarray:
        threads.add(threading.get_ident())
        if face[0, 0] % 50 == 0:
            time.sleep(0.005)
        return face[:2] + np.float32(0.5)

    done: list[int] = []
    prepared = prepare_rows(make_set(), run, say_done=done.append)
    assert prepared.faces.dtype == np.float32
    assert (prepared.faces == make_set().faces[:, :2] + np.float32(0.5)).all()
    assert prepared.row_ids.tolist() == make_set().row_ids.tolist()
    assert prepared.history == ("made",)
    assert done == [BLOCK_ROWS, 2 * BLOCK_ROWS, 3 * BLOCK_ROWS, NUM_ROWS]
    assert len(threads) > 1


def test_prepare_rows_finishes_many_faces_at_once() -> None:
    sizes = []

    def finish(faces: list[np.ndarray]) -> list[np.ndarray]:
        sizes.append(len(faces))
        return [face + 1 for face in faces]

    prepared = prepare_rows(make_set(), lambda face: face, finish=finish)
    assert (prepared.faces == make_set().faces + 1).all()
    assert sorted(sizes) == sorted([BLOCK_ROWS] * 3 + [7])


def test_prepare_rows_reads_files(tmp_path: Path) -> None:
    prepared = prepare_rows(write_files(tmp_path), lambda picture: picture[:3, :3])
    assert prepared.faces.shape == (20, 3, 3, 3)
    assert prepared.faces[:, 0, 0, 0].tolist() == list(range(20))


def test_prepare_rows_refuses_sizes_that_differ(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        prepare_rows(write_files(tmp_path, sides=(5, 8, 8)), lambda picture: picture)
    assert str(caught.value) == (
        "made: pictures of different sizes remain: 5x8x3 (13), 5x5x3 (7) among the first 20 rows; add a step such as "
        "resize:size_hw=[48,48]"
    )
    with pytest.raises(DataError, match="and 2 more sizes among"):
        prepare_rows(write_files(tmp_path, sides=(1, 2, 3, 4, 5, 6, 7)), lambda picture: picture)


def test_prepare_rows_names_rows_that_a_step_does_not_take() -> None:
    def refuse(face: np.ndarray) -> np.ndarray:
        if face[0, 0] == 70:
            raise ValueError("no such face")
        return face

    with pytest.raises(DataError, match=f"^made:{BLOCK_ROWS} to made:{2 * BLOCK_ROWS - 1}: no such face$"):
        prepare_rows(make_set(), refuse)


def fail_every_tenth(face: np.ndarray) -> np.ndarray:
    if face[0, 0] % 10 == 3:
        raise (
            NoFaceError("no face found by detector 'haar'")
            if face[0, 0] % 20 == 3
            else PictureError("made.png:\ncut off", status="truncated")
        )
    return face


def test_prepare_rows_refuses_rows_that_fail_and_names_the_first() -> None:
    with pytest.raises(DataError) as caught:
        prepare_rows(make_set(), fail_every_tenth)
    assert str(caught.value) == (
        "made: 20 of 199 rows cannot be read or prepared: made:3 (no face found by detector 'haar'); made:13 "
        "(made.png: cut off); made:23 (no face found by detector 'haar'); and 17 more; mend or drop them "
        "(on_unreadable)"
    )


def test_prepare_rows_drops_rows_that_fail_and_counts_them_by_split() -> None:
    prepared = prepare_rows(make_set(), fail_every_tenth, on_unreadable="drop")
    kept = [row for row in range(NUM_ROWS) if row % 10 != 3]
    assert prepared.faces[:, 0, 0].tolist() == kept
    assert prepared.row_ids.tolist() == [f"made:{row}" for row in kept]
    assert prepared.history == (
        "made",
        "20 rows dropped that could not be prepared (10 no face, 10 truncated): 10 training, 10 test",
    )


def test_prepare_rows_bears_that_the_first_rows_fail() -> None:
    def fail_first(face: np.ndarray) -> np.ndarray:
        if face[0, 0] < 100:
            raise NoFaceError("no face")
        return face

    assert len(prepare_rows(make_set(), fail_first, on_unreadable="drop")) == NUM_ROWS - 100


def test_prepare_rows_refuses_a_set_of_which_nothing_is_left() -> None:
    def fail(face: np.ndarray) -> np.ndarray:
        raise NoFaceError("no face")

    with pytest.raises(DataError, match=r"199 of 199 rows .*; and 196 more; there is nothing left to prepare$"):
        prepare_rows(make_set(), fail, on_unreadable="drop")
    with pytest.raises(DataError, match="made has no rows to prepare"):
        prepare_rows(make_set(0), fail)


def test_settle_faults_says_row_for_one() -> None:
    kept = settle_faults(make_set(), {2: NoFaceError("no face")}, "drop")
    assert kept.history[-1] == "1 row dropped that could not be prepared (1 no face): 1 validation"
    assert settle_faults(kept, {}, "refuse") is kept
