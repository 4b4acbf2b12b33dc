"""``mien models``: the shipped model files and their contracts."""

from typing import TYPE_CHECKING, Annotated

import typer

from mien.app.cli import EXIT_FAULT, app, print_error
from mien.errors import ModelFileError

if TYPE_CHECKING:
    from mien.recognition.model_file import ModelFile


@app.command()
def models(
    name: Annotated[str | None, typer.Argument(metavar="NAME|FILE", help="Print this model's whole contract.")] = None,
) -> None:
    """List the shipped models, or print what one of them was trained on and how it must be fed."""
    from mien.recognition.model_file import load_model_file, shipped_models

    if name is not None:
        _print_card(load_model_file(name))
        return
    loaded, faults = [], 0
    for shipped in shipped_models():
        try:
            loaded.append(load_model_file(shipped))
        except ModelFileError as error:
            faults += 1
            print_error(str(error))
    if loaded:
        _print_list(loaded)
    if faults:
        raise typer.Exit(EXIT_FAULT)


def _print_list(model_files: list["ModelFile"]) -> None:
    from rich import box
    from rich.table import Table

    from mien.app.terminal import create_console

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("model", "classes", "input", "size", "scores", "licence"):
        table.add_column(heading, overflow="fold")
    for model_file in model_files:
        contract = model_file.contract
        height, width = contract.input_size_hw
        size = f"{model_file.num_bytes / 1e6:.1f} MB"
        scores = "\n".join(_summarise(split, score) for split, score in contract.scores.items())
        classes = f"{len(contract.expressions)}: {', '.join(contract.expressions)}"
        table.add_row(contract.name, classes, f"{width}x{height} {contract.colour}", size, scores, contract.licence)
    create_console().print(table)


def _summarise(split: str, score: object) -> str:
    """Return a split's accuracy in a line; the card holds the rest."""
    if not isinstance(score, dict) or "accuracy" not in score:
        return f"{split} {_to_text(score)}"
    leaky = " (leaky)" if score.get("is_leaky") else ""
    interval = score.get("accuracy_interval")
    ends = f" ({', '.join(f'{100 * end:.2f}' for end in interval)})" if isinstance(interval, list) else ""
    return f"{split} {100 * score['accuracy']:.2f} %{ends}{leaky}"


def _print_card(model_file: "ModelFile") -> None:
    from dataclasses import asdict

    rows = {"file": str(model_file.path), "size": f"{model_file.num_bytes / 1e6:.1f} MB"}
    for field, value in asdict(model_file.contract).items():
        if isinstance(value, dict) and value:
            rows |= {f"{field}.{path}": leaf for path, leaf in _to_leaves(value)}
        else:
            rows[field] = _to_text(value)
    width = max(len(key) for key in rows)
    for key, text in rows.items():
        print(f"{key:<{width}}  {text}")


def _to_leaves(table: dict[str, object]) -> list[tuple[str, str]]:
    """Return the values of nested tables by their dotted names."""
    leaves: list[tuple[str, str]] = []
    for name, value in table.items():
        if isinstance(value, dict) and value:
            leaves += [(f"{name}.{path}", leaf) for path, leaf in _to_leaves(value)]
        else:
            leaves.append((name, _to_text(value)))
    return leaves


def _to_text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict) and "operation" in value:
        arguments = ", ".join(f"{name}={_to_text(each)}" for name, each in value.items() if name != "operation")
        return f"{value['operation']}({arguments})"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_to_text(each) for each in value)}]"
    return str(value) if value not in ("", {}) else "-"
