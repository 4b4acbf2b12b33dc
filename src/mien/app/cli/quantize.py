"""``mien quantize``: a smaller variant of a model file."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app


@app.command()
def quantize(
    model: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A shipped model or a model file, in float32.")],
    *,
    precision: Annotated[
        str,
        typer.Option(
            metavar="int8|float16", help="8-bit integers; or weights stored as float16 and computed with in float32."
        ),
    ] = "int8",
    output: Annotated[Path | None, typer.Option(help="File to write; NAME-PRECISION.onnx if left out.")] = None,
    data: Annotated[Path | None, typer.Option(help="Where its data set lies, if not in the recipe's place.")] = None,
) -> None:
    """Write a smaller variant of a model file, after measuring it on the validation split.

    Integers are fitted on training faces. The variant states its own validation figures and how far it agrees with the
    float32 file, and none of the test split, which was not opened for it. It is refused if it loses more than a point.
    """
    from mien.evaluation.file_answers import read_data_of
    from mien.export.quantize import write_variant
    from mien.recognition.model_file import load_model_file

    model_file = load_model_file(model)
    report = write_variant(
        model_file,
        output or Path(f"{model_file.contract.name}-{precision}.onnx"),
        precision=precision,
        data=read_data_of(model_file, data),
        say=print,
    )
    agreement = report.agreement
    print(
        f"{report.model_file.path}: {report.model_file.num_bytes / 1e6:.2f} MB (float32: "
        f"{report.num_bytes_before / 1e6:.2f} MB), right on {report.accuracy:.2%} of the validation faces (float32: "
        f"{report.accuracy_before:.2%}), same answer on {agreement.same_share:.2%}, probabilities differ by "
        f"{agreement.mean_difference:.4f} on average and {agreement.largest_difference:.3f} at most"
    )
