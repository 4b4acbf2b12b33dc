"""The report's faces: the most confident mistakes of each model and some right answers, with heat maps."""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mien.errors import MienError
from mien.evaluation.explanation.answered import AnsweredSplit, open_answered_split
from mien.evaluation.explanation.explain_run import make_answer_tiles
from mien.evaluation.explanation.method import METHODS, explain_faces
from mien.evaluation.explanation.tiles import Tile
from mien.evaluation.report.blocks import Block, Download, Faces, FaceTile, Part, Table, Words, to_csv
from mien.evaluation.report.contents import Contents
from mien.evaluation.report.gathering import ReportedModel
from mien.evaluation.report.plots import file_stem
from mien.metrics.predictions import Predictions
from mien.pages import data_address

METHOD = "occlusion"
"""The method of all heat maps of a report: every kind of model can be asked by it, so that they can be compared."""
_RIGHT_FACES_A_CLASS = 2
_GAP = 2
_COLUMNS = ("row_id", "true", "answered", "probability", "probability_of_true")
_Mistake = tuple[str, str, str, float, float]


def find_mistakes(predictions: Predictions) -> NDArray[np.int64]:
    """Return the rows that were answered wrongly, the most confident answers first, shape ``(N,)``.

    Args:
        predictions: What a model answered.
    """
    rows = np.flatnonzero(~predictions.is_right)
    return rows[np.argsort(-predictions.probabilities[rows].max(axis=1), kind="stable")]


def make_explanations(contents: Contents) -> Sequence[Part]:
    """Return the most confident mistakes of each model: with their heat maps, and as a table."""
    return [Part(each.name, _explain(each, contents)) for each in contents.models if each.answered]


def _explain(reported: ReportedModel, contents: Contents) -> tuple[Block, ...]:
    answered = reported.answered[0]
    rows = find_mistakes(answered.predictions)
    mistakes = _list_mistakes(answered.predictions, rows)
    download = Download(f"{file_stem(answered)}-mistakes.csv", to_csv([_COLUMNS, *mistakes]))
    caption = f"The most confident of {len(mistakes):,} mistakes on {answered.figures.split}"
    table = Table(caption, _tabulate(mistakes[: contents.num_faces]), download, num_text_columns=3)
    if not contents.has_pictures:
        return (table,)
    if reported.model is None:
        return (Words(("A record holds answers alone; name the run to see faces.",)), table)
    try:
        split = open_answered_split(reported.model, answered.figures.split, results_folder=contents.results_folder)
        return _draw_faces(split, rows[: contents.num_faces], caption, download, contents.seed)
    except MienError as error:
        return (Words((f"No heat maps: {error}.",)), table)


def _draw_faces(
    split: AnsweredSplit, mistakes: NDArray[np.int64], caption: str, download: Download, seed: int
) -> tuple[Block, ...]:
    right = [split.pick_rows(name, is_right=True)[:_RIGHT_FACES_A_CLASS] for name in split.predictions.expressions]
    card = METHODS.get(METHOD).card
    words = f"Maps by {card.title.lower()}: {card.shows}; red speaks for the answered class, blue against it."
    return (
        Words((words,)),
        Faces(caption, _draw_rows(split, mistakes, seed), download),
        Faces("Right answers, the most confident of each class", _draw_rows(split, np.concatenate(right), seed)),
    )


def _draw_rows(split: AnsweredSplit, rows: NDArray[np.int64], seed: int) -> tuple[FaceTile, ...]:
    targets = split.targets_of(rows, "predicted")
    maps = explain_faces(split.model, split.images_of(rows), targets, method=METHOD, seed=seed)
    tiles = make_answer_tiles(split, rows, targets, maps)
    ids = split.predictions.row_ids[rows].tolist()
    return tuple(_to_face_tile(tile, row_id) for tile, row_id in zip(tiles, ids, strict=True))


def _to_face_tile(tile: Tile, row_id: str) -> FaceTile:
    face, drawn = (Image.fromarray(each).convert("RGB") for each in tile.pictures)
    face = face.resize(drawn.size, Image.Resampling.NEAREST)
    both = Image.new("RGB", (2 * drawn.width + _GAP, drawn.height), "#ffffff")
    both.paste(face, (0, 0))
    both.paste(drawn, (drawn.width + _GAP, 0))
    buffer = io.BytesIO()
    both.save(buffer, "JPEG", quality=85)
    alt = f"Face {row_id} beside its heat map, {', '.join(tile.words)}"
    return FaceTile(data_address(buffer.getvalue(), "image/jpeg"), alt, (*tile.words, row_id))


def _tabulate(mistakes: Sequence[_Mistake]) -> list[list[str]]:
    header = ["row", "true", "answered", "probability", "of the true class"]
    return [header] + [
        [row_id, label, answer, f"{100 * probability:.1f} %", f"{100 * true:.1f} %"]
        for row_id, label, answer, probability, true in mistakes
    ]


def _list_mistakes(predictions: Predictions, rows: NDArray[np.int64]) -> list[_Mistake]:
    names, probabilities = predictions.expressions, predictions.probabilities.tolist()
    labels, answers = predictions.labels.tolist(), predictions.predicted.tolist()
    return [
        (
            str(predictions.row_ids[row]),
            names[labels[row]],
            names[answers[row]],
            probabilities[row][answers[row]],
            probabilities[row][labels[row]],
        )
        for row in rows.tolist()
    ]
