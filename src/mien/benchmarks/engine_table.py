"""Engines and variants of a model beside each other: accuracy on validation, agreement, size and speed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from mien.benchmarks.machine import describe_machine
from mien.benchmarks.recognition_speed import time_faces
from mien.evaluation.file_answers import answer_validation, measure_agreement, read_data_of
from mien.evaluation.tables import markdown_table, percent
from mien.recognition.engines.choice import DEFAULT, ENGINES
from mien.recognition.model_file import ModelFile
from mien.recognition.recognizer import Recognizer

HEADER = ["model", "engine", "computes in", "MB", "right", "same answer", "differs by", "at most", "faces/s", "one, ms"]
NUM_TEXT_COLUMNS = 3


def engine_rows(model_files: Sequence[ModelFile], *, path: Path | None = None) -> list[list[str]]:
    """Return a row of text for each model file and each engine that can be used here, the header first.

    Answers are compared with those of the first file by ONNX Runtime. Speeds are medians of engines that took turns:
    faces a second in batches of 512 on two cores, and the milliseconds of one face on one.

    Args:
        model_files: A float32 file and its variants.
        path: Where the data set lies; None takes the recipe's place.

    Raises:
        DataError: If the data set cannot be read.
        ProtocolError: If a file was trained on validation, or on other faces than those.
    """
    engines = [DEFAULT, *(name for name in ENGINES if name != DEFAULT and ENGINES[name].find_obstacle() is None)]
    pairs = [(model_file, engine) for model_file in model_files for engine in engines]
    recognizers, on_one = (
        [Recognizer(model_file, threads=threads, engine=engine) for model_file, engine in pairs] for threads in (2, 1)
    )
    batches = time_faces(recognizers, num_faces=512, rounds=5)
    singles = time_faces(on_one, num_faces=1, rounds=100)
    data = read_data_of(model_files[0], path)
    answers = [answer_validation(recognizer, data) for recognizer in recognizers]
    rows = [HEADER]
    for number, (model_file, _) in enumerate(pairs):
        recognizer = recognizers[number]
        agreement = measure_agreement(answers[number].probabilities, answers[0].probabilities)
        precision = recognizer.contract.variant.get("precision", "float32")
        computes = "int8" if precision == "int8" else recognizer.engine.precision
        rows.append(
            [
                recognizer.contract.name,
                recognizer.engine.name,
                computes,
                f"{model_file.num_bytes / 1e6:.2f}",
                percent(float(answers[number].is_right.mean())),
                percent(agreement.same_share),
                f"{agreement.mean_difference:.5f}",
                f"{agreement.largest_difference:.5f}",
                f"{1 / batches[number]:,.0f}",
                f"{1000 * singles[number]:.2f}",
            ]
        )
    return rows


def engine_markdown(rows: Sequence[Sequence[str]]) -> str:
    """Return the rows as a Markdown table with the machine that gave them.

    Args:
        rows: As `engine_rows` gives them.
    """
    machine = f"Measured on {datetime.now(UTC):%Y-%m-%d}: {describe_machine()}."
    return f"{machine}\n\n{markdown_table(rows, num_text_columns=NUM_TEXT_COLUMNS)}"
