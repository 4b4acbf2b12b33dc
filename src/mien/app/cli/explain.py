"""``mien explain``: where answers were read from, in a picture or in the faces of a run."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.app.cli import EXIT_FAULT, app, print_error
from mien.app.cli.evaluate import Split

if TYPE_CHECKING:
    from mien.evaluation.explanation.tiles import Sheets
    from mien.recognition.explanation import Explanation

_TAKES: dict[str, set[str]] = {
    "a picture": {"--expression", "--save", "--model", "--detector", "--detector-model"},
    "a run": {
        "--expression",
        "--save",
        "--split",
        "--results",
        "--method",
        "OPTION=VALUE",
        "--rows",
        "--class",
        "--seed",
    },
    "--layers": {"--save", "--split", "--results", "--rows", "--class"},
    "--maximise": {"--save", "--class", "--seed"},
    "--judge": {"--split", "--results", "--rows", "--seed"},
}
"""The options that each way of explaining knows."""


@app.command()
def explain(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="TARGET", help="A picture ('-': standard input), or the folder of a run or an ensemble."
        ),
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Argument(metavar="[OPTION=VALUE]...", help="Options of the method, such as side=1.")
    ] = None,
    *,
    list_methods: Annotated[bool, typer.Option("--list", help="List the methods.")] = False,
    expression: Annotated[
        str | None,
        typer.Option(help="Expression to explain; what was answered. For a run 'predicted' and 'true', too."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FILE|FOLDER", help="Where to write; of a run the folder 'explanation' in it."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Picture: a shipped model or a model file; compact.")
    ] = None,
    detector: Annotated[
        str | None, typer.Option(metavar="auto|yunet|haar|none", help="Picture: face detector; auto.")
    ] = None,
    detector_model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Picture: model file of the detector, for one that needs it.")
    ] = None,
    split: Annotated[
        Split | None, typer.Option(help="Run: whose faces; validation. test only once its record exists.")
    ] = None,
    method: Annotated[str | None, typer.Option(help="Run: method, of those that --list names; grad_cam.")] = None,
    rows: Annotated[
        int | None,
        typer.Option(help="Run: faces a class, 10 right and 10 wrong; with --layers 1, with --judge 16 in all."),
    ] = None,
    classes: Annotated[
        list[str] | None, typer.Option("--class", help="Run: class to draw; all. May be repeated.")
    ] = None,
    layers: Annotated[
        bool, typer.Option("--layers", help="Run: draw what the first seven layers make of faces.")
    ] = False,
    maximise: Annotated[
        bool, typer.Option("--maximise", help="Run: draw pictures that the network takes for each class.")
    ] = False,
    judge: Annotated[
        bool, typer.Option("--judge", help="Run: print how good the methods are: deletion, insertion, random weights.")
    ] = False,
    results: Annotated[Path | None, typer.Option(help="Run: folder of the records; results.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Run: seed of whatever is drawn; 0.")] = None,
) -> None:
    """Show where a model reads its answers from.

    A picture needs the light install alone: its faces are covered part by part, and the map is what the probability
    loses there. A run needs the laboratory. Its sheets show real faces of the data set: mind whose they are before
    passing them on.
    """
    if list_methods:
        _list_methods()
        return
    if target is None:
        raise typer.BadParameter("name a picture or a run folder, or --list")
    is_run = Path(target).is_dir()
    ways = [name for name, is_on in (("--layers", layers), ("--maximise", maximise), ("--judge", judge)) if is_on]
    if len(ways) > 1 or (ways and not is_run):
        raise typer.BadParameter(f"{' and '.join(ways)}: one of them at a time, for a run folder")
    way = ways[0] if ways else "a run" if is_run else "a picture"
    given = {
        "--expression": expression, "--save": save, "--model": model, "--detector": detector,
        "--detector-model": detector_model, "--split": split, "--results": results, "--method": method,
        "OPTION=VALUE": changes or None, "--rows": rows, "--class": classes or None, "--seed": seed,
    }  # fmt: skip
    chosen = {name: value for name, value in given.items() if value is not None}
    foreign = [name for name in chosen if name not in _TAKES[way]]
    if foreign:
        raise typer.BadParameter(f"{', '.join(foreign)}: not for {way}, which takes {', '.join(sorted(_TAKES[way]))}")
    if is_run:
        _explain_run(Path(target), chosen, way=way)
    else:
        _explain_picture(target, chosen)


def _explain_picture(target: str, chosen: dict[str, Any]) -> None:
    from mien.recognition.explanation import explain as explain_source
    from mien.recognition.silencing import silencing_native_libraries

    names = {"--model": "model", "--detector": "detector", "--detector-model": "detector_model"}
    options = {names[name]: value for name, value in chosen.items() if name in names}
    with silencing_native_libraries():
        explanation = explain_source(target, expression=chosen.get("--expression"), **options)
    if not explanation.recognition.is_readable:
        print_error(explanation.recognition.message)
        raise typer.Exit(EXIT_FAULT)
    _print_faces(explanation)
    if "--save" in chosen:
        from mien.images.writing import write_picture

        print(f"picture: {write_picture(_choose_file(chosen['--save'], target), explanation.draw())}")


def _print_faces(explanation: "Explanation") -> None:
    from mien.app.figures import print_rows

    if not explanation.faces:
        print(f"{explanation.recognition.source}: no face found")
        return
    rows = [["face", "expression", "probability", "most it loses", "where it is covered (x, y)"]]
    for number, each in enumerate(explanation.faces, 1):
        lost = f"{100 * float(each.heat_map.max()):.1f} points"
        x, y = each.peak_xy
        rows.append([str(number), each.expression, f"{each.probability:.1%}", lost, f"{x}, {y}"])
    print_rows(rows, num_text_columns=2)


def _choose_file(save: Path, target: str) -> Path:
    """Return the file that was named, or one named after the picture in the folder that was."""
    from mien.errors import MienError
    from mien.images.writing import check_drawing_file

    file = save if save.suffix and not save.is_dir() else save / f"{Path(target).stem.lstrip('-') or 'picture'}.png"
    check_drawing_file(file)
    if target != "-" and file.resolve() == Path(target).resolve():
        raise MienError(f"--save {save}: this is the picture itself; name another file or folder")
    return file


def _explain_run(folder: Path, chosen: dict[str, Any], *, way: str) -> None:
    from mien.evaluation.ensemble import open_model
    from mien.evaluation.explanation import explain_run, maximize_run, view_run_layers
    from mien.settings import parse_setting

    run = open_model(folder)
    names = {
        "--split": "split", "--results": "results_folder", "--method": "method", "--rows": "rows", "--seed": "seed",
        "--class": "expressions", "--expression": "target",
    }  # fmt: skip
    options = {names[name]: value for name, value in chosen.items() if name in names}
    if "split" in options:
        options["split"] = options["split"].value
    if way == "--judge":
        _print_judged(run, options)
        return
    if way == "a run":
        settings = chosen.get("OPTION=VALUE", [])
        options |= dict(parse_setting(each, expected="OPTION=VALUE, such as side=1") for each in settings)
    draw = {"a run": explain_run, "--layers": view_run_layers, "--maximise": maximize_run}[way]
    _write(draw(run, **options), chosen.get("--save", folder / "explanation"))


def _write(sheets: "Sheets", folder: Path) -> None:
    from mien.images.writing import write_picture

    for name, sheet in sheets.items():
        print(f"picture: {write_picture(folder / f'{name}.png', sheet)}")


def _print_judged(run: Any, options: dict[str, Any]) -> None:
    from mien.app.figures import print_rows
    from mien.evaluation.explanation import judge_methods

    rows = [["method", "deletion (low)", "insertion (high)", "like random weights (low)"]]
    for each in judge_methods(run, **options):
        likeness = "-" if each.likeness is None else f"{each.likeness:.2f}"
        rows.append([each.name, f"{each.deletion:.3f}", f"{each.insertion:.3f}", likeness])
    print_rows(rows)


def _list_methods() -> None:
    from mien.app.figures import print_notes, print_rows

    if find_spec("torch") is None:
        print("occlusion, of pictures; runs are explained with the laboratory: pip install 'mien[train]'")
        return
    from mien.evaluation.explanation import METHODS

    rows = [["method", "title", "needs", "passes for a face"]]
    rows += [[entry.name, entry.card.title, entry.card.needs, entry.card.cost] for entry in METHODS]
    print_rows(rows, num_text_columns=len(rows[0]))
    print_notes({entry.name: (f"shows {entry.card.shows}", entry.card.source) for entry in METHODS})
    print("Pictures are explained by occlusion.")
