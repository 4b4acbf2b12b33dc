"""A run explained: contact sheets of its right and wrong answers, heat maps beside the faces."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.data.showing import as_levels
from mien.evaluation.explanation.answered import (
    AnsweredSplit,
    check_expressions,
    check_num_faces,
    open_answered_split,
)
from mien.evaluation.explanation.method import METHODS, explain_faces
from mien.evaluation.explanation.tiles import Section, Sheets, Tile, as_file_name, draw_tiles
from mien.evaluation.judged_model import JudgedModel
from mien.images.heat_map import overlay_heat_map
from mien.images.resizing import resize

_FACE_SIDE, _FACES_IN_A_LINE = 96, 5
_TARGET_WORDS = {"predicted": "the answered class", "true": "the true class"}


def explain_run(
    run: JudgedModel,
    *,
    split: str = "validation",
    method: str = "grad_cam",
    target: str = "predicted",
    expressions: Sequence[str] | None = None,
    rows: int = 10,
    results_folder: Path = Path("results"),
    seed: int = 0,
    **options: Any,
) -> Sheets:
    """Return a contact sheet for each class: its most confident right and wrong answers, heat maps beside the faces.

    Args:
        run: A trained run, or an ensemble.
        split: ``training``, ``validation``, or ``test`` once the run's record of it exists.
        method: Registered name of an explanation method.
        target: Class whose maps are drawn: ``predicted``, ``true``, or its name.
        expressions: True classes to draw; None takes all.
        rows: Most faces a class and kind of answer.
        results_folder: Where records lie.
        seed: Seed of whatever the method draws.
        options: Options of the method.

    Raises:
        ProtocolError: If no record of the run on test is there, or the data set is not the run's.
        ExplanationError: If the model has not what the method needs.
        MienError: If method, option or class is unknown, or `rows` is less than 1.
    """
    METHODS.get(method)
    check_num_faces(rows)
    answered = open_answered_split(run, split, results_folder=results_folder)
    return {
        as_file_name(split, method, expression): draw_answers(
            answered, expression, method=method, target=target, rows=rows, seed=seed, **options
        )
        for expression in check_expressions(expressions, answered.predictions.expressions)
    }


def draw_answers(
    answered: AnsweredSplit,
    expression: str,
    *,
    method: str = "grad_cam",
    target: str = "predicted",
    rows: int = 10,
    seed: int = 0,
    **options: Any,
) -> NDArray[np.uint8]:
    """Return the contact sheet of one class, shape ``(H, W, 3)``, uint8, RGB.

    Args:
        answered: The faces and the answers.
        expression: The true class.
        method: As for `explain_run`, like all that follow.
        target: Class whose maps are drawn.
        rows: Most faces that were answered rightly, and most that were not.
        seed: Seed of whatever the method draws.
        options: Options of the method.

    Raises:
        MienError: As for `explain_run`.
    """
    sections = []
    for is_right, kind in ((True, "right"), (False, "wrong")):
        found = answered.pick_rows(expression, is_right=is_right)
        shown = found[:rows]
        targets = answered.targets_of(shown, target)
        maps = explain_faces(answered.model, answered.images_of(shown), targets, method=method, seed=seed, **options)
        title = f"{kind}, the most confident first: {len(shown)} of {len(found)}"
        sections.append(Section(title, make_answer_tiles(answered, shown, targets, maps)))
    card = METHODS.get(method).card
    colours = "red speaks for it, blue against it" if card.is_signed else "the redder, the more it counts"
    whose = _TARGET_WORDS.get(target, target)
    title = f"{answered.title}, true {expression}: {card.title} of {whose}; {colours}"
    return draw_tiles(title, sections, columns=_FACES_IN_A_LINE, side=_FACE_SIDE)


def make_answer_tiles(
    answered: AnsweredSplit, rows: NDArray[np.int64], targets: NDArray[np.int64], maps: NDArray[np.float32]
) -> tuple[Tile, ...]:
    """Return faces beside their heat maps, with the true class, the answered one and its probability below.

    Args:
        answered: The faces and the answers.
        rows: Rows of the split, shape ``(N,)``.
        targets: The class of each that its map explains, shape ``(N,)``.
        maps: Raw maps, shape ``(N, H, W)``.
    """
    answers, tiles = answered.predictions, []
    for row, target, heat_map in zip(rows.tolist(), targets.tolist(), maps, strict=True):
        face = as_levels(np.asarray(answered.faces.faces[row]))
        large = resize(face, [max(1, round(side * _FACE_SIDE / max(face.shape[:2]))) for side in face.shape[:2]])
        label, answer = int(answers.labels[row]), int(answers.predicted[row])
        words = [f"true {answers.expressions[label]}", _say(answered, row, answer, verb="answered")]
        if target != answer:
            words.append(_say(answered, row, target, verb="map of"))
        tiles.append(Tile((face, overlay_heat_map(large, heat_map)), tuple(words)))
    return tuple(tiles)


def _say(answered: AnsweredSplit, row: int, label: int, *, verb: str) -> str:
    answers = answered.predictions
    return f"{verb} {answers.expressions[label]} {100 * answers.probabilities[row, label]:.0f} %"
