"""``mien engines``: engines and variants of a model, measured beside each other."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app


@app.command()
def engines(
    models: Annotated[
        list[str], typer.Argument(metavar="NAME|FILE...", help="A float32 model, then variants of it (mien quantize).")
    ],
    *,
    data: Annotated[Path | None, typer.Option(help="Where the data set lies, if not in the recipe's place.")] = None,
    write: Annotated[
        Path | None, typer.Option(help="Markdown file whose part between the markers 'table: engines' is written anew.")
    ] = None,
) -> None:
    """Compare engines and variants on the validation split, by accuracy, agreement, size and speed on two threads.

    Agreement is with the first model in float32 by ONNX Runtime: the share of same answers, and by how much
    probabilities differ on average (each face's largest difference) and at most.
    """
    from mien.app.figures import print_rows
    from mien.benchmarks.engine_table import NUM_TEXT_COLUMNS, engine_markdown, engine_rows
    from mien.evaluation.tables import update_between_markers
    from mien.recognition.model_file import load_model_file
    from mien.writing import write_atomically

    rows = engine_rows([load_model_file(name) for name in models], path=data)
    print_rows(rows, num_text_columns=NUM_TEXT_COLUMNS)
    if write is not None:
        text = update_between_markers(write.read_text(encoding="utf-8"), "engines", new=engine_markdown(rows))
        print(f"written: {write_atomically(write, text)}")
