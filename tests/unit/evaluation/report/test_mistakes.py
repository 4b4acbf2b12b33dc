import base64
import csv
import io

import numpy as np
import pytest
from PIL import Image

from mien.errors import ExplanationError
from mien.evaluation.explanation.answered import open_answered_split
from mien.evaluation.explanation.explain_run import make_answer_tiles
from mien.evaluation.explanation.method import explain_faces
from mien.evaluation.judge import predict_for_choice
from mien.evaluation.report import mistakes
from mien.evaluation.report.blocks import Faces, Table
from mien.evaluation.report.mistakes import find_mistakes, make_explanations


def test_find_mistakes_gives_the_most_confident_first(make_predictions) -> None:
    probabilities = np.float32([[0.9, 0.1, 0], [0.4, 0.6, 0], [0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])
    predictions = make_predictions(4, probabilities=probabilities, labels=np.array([0, 0, 1, 0]))
    assert find_mistakes(predictions).tolist() == [3, 2, 1]


def test_mistakes_are_shown_beside_their_maps(make_contents, judged) -> None:
    (part,) = make_explanations(make_contents(judged.two.folder))
    _, wrong, right = part.blocks
    answers = predict_for_choice(judged.two)
    rows = find_mistakes(answers)
    assert wrong.title == f"The most confident of {len(rows)} mistakes on validation"
    for tile, row in zip(wrong.tiles, rows[:2], strict=True):
        true, answered = (answers.expressions[each[row]] for each in (answers.labels, answers.predicted))
        probability = 100 * answers.probabilities[row].max()
        assert tile.words == (f"true {true}", f"answered {answered} {probability:.0f} %", answers.row_ids[row])
        assert all(words in tile.alt for words in tile.words)
    assert {tile.words[0].replace("true", "answered") for tile in right.tiles} == {
        tile.words[1].rpartition(" ")[0].rpartition(" ")[0] for tile in right.tiles
    }
    lines = list(csv.DictReader(io.StringIO(wrong.download.text)))
    assert [line["row_id"] for line in lines] == answers.row_ids[rows].tolist()
    assert float(lines[0]["probability"]) == pytest.approx(answers.probabilities[rows[0]].max(), abs=0)


def test_a_tile_holds_the_face_and_its_map(make_contents, judged) -> None:
    (part,) = make_explanations(make_contents(judged.two.folder))
    data = part.blocks[1].tiles[0].address.removeprefix("data:image/jpeg;base64,")
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        drawn = np.asarray(picture).astype(float)
    split = open_answered_split(judged.two)
    row = find_mistakes(split.predictions)[:1]
    targets = split.targets_of(row, "predicted")
    maps = explain_faces(split.model, split.images_of(row), targets, method="occlusion")
    (tile,) = make_answer_tiles(split, row, targets, maps)
    face, overlay = tile.pictures
    assert drawn.shape == (96, 194, 3)
    assert np.abs(drawn[:, :96].mean(axis=2)[::2, ::2] - face).mean() < 5
    assert np.abs(drawn[:, 98:] - overlay).mean() < 8


def test_without_pictures_they_are_a_table(make_contents, judged) -> None:
    (part,) = make_explanations(make_contents(judged.two.folder, has_pictures=False))
    (table,) = part.blocks
    assert isinstance(table, Table)
    answers = predict_for_choice(judged.two)
    assert [row[0] for row in table.rows[1:]] == answers.row_ids[find_mistakes(answers)[:2]].tolist()


def test_a_record_has_a_table_of_its_mistakes(make_contents, judged) -> None:
    (part,) = make_explanations(make_contents(judged.record.file))
    words, table = part.blocks
    assert words.lines == ("A record holds answers alone; name the run to see faces.",)
    assert "mistakes on test" in table.caption


def test_a_model_that_cannot_be_explained_says_why(make_contents, judged, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_, **__):
        raise ExplanationError("not this one")

    monkeypatch.setattr(mistakes, "open_answered_split", refuse)
    (part,) = make_explanations(make_contents(judged.ensemble))
    assert part.blocks[0].lines == ("No heat maps: not this one.",)
    assert not any(isinstance(each, Faces) for each in part.blocks)
