"""A contact sheet of faces under each corruption."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.explanation.tiles import Section, Tile, draw_tiles
from mien.evaluation.judged_model import JudgedModel
from mien.evaluation.robustness.corruption import CORRUPTIONS, Faces, corrupt_faces
from mien.evaluation.robustness.measuring import check_corruptions, open_faces

_SIDE = 72


def draw_corruption_sheet(
    faces: Faces, *, title: str, corruptions: Sequence[str] | None = None, seed: int = 0
) -> NDArray[np.uint8]:
    """Return faces under each corruption and strength as one picture, shape ``(H, W, 3)``, uint8, RGB.

    Args:
        faces: A few faces, shape ``(N, H, W)`` or ``(N, H, W, 3)``, uint8, RGB.
        title: What stands above all.
        corruptions: Registered names; None takes all.
        seed: Seed of whatever is drawn.

    Raises:
        MienError: If a corruption is unknown, named twice, or there is none.
        DataError: If faces are not of this kind.
    """
    sections = []
    for name in check_corruptions(corruptions):
        card = CORRUPTIONS.get(name).card
        tiles = [
            Tile(tuple(corrupt_faces(faces, name, strength, seed=seed)), (f"{strength:g}" if strength else "clean",))
            for strength in (0, *card.strengths)
        ]
        sections.append(Section(f"{name}: {card.unit}", tuple(tiles)))
    return draw_tiles(title, sections, columns=len(sections[0].tiles), side=_SIDE)


def draw_run_corruptions(
    run: JudgedModel,
    *,
    split: str = "validation",
    corruptions: Sequence[str] | None = None,
    rows: int = 2,
    results_folder: Path = Path("results"),
    seed: int = 0,
) -> NDArray[np.uint8]:
    """Return faces of a run's split under each corruption as one picture, shape ``(H, W, 3)``, uint8, RGB.

    Args:
        run: A trained run, or an ensemble.
        split: ``training``, ``validation``, or ``test`` once the run's record of it exists.
        corruptions: Registered names; None takes all.
        rows: Most faces, spread evenly over the split.
        results_folder: Where records lie.
        seed: Seed of whatever is drawn.

    Raises:
        MienError: As for `measure_robustness`.
    """
    answered = open_faces(run, split, rows=rows, results_folder=results_folder, purpose="shown")
    return draw_corruption_sheet(answered.faces.faces, title=answered.title, corruptions=corruptions, seed=seed)
