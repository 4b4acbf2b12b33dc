"""``mien models``: the shipped model files, and with the laboratory installed the networks of the registry."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.app.cli import EXIT_FAULT, app, print_error
from mien.errors import MienError, ModelFileError, suggest

if TYPE_CHECKING:
    from mien.recognition.model_file import ModelFile

LONGEST_VALUE = 500
"""Letters of a list that are printed, for one of a calibrator's curves is as long as a page."""


@app.command()
def models(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME|FILE", help="Shipped model or file: its contract. Network: its card and layers."),
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Argument(metavar="[OPTION=VALUE]...", help="Options of the network, such as width=24.")
    ] = None,
    *,
    study: Annotated[str | None, typer.Option(help="List the networks of this study only.")] = None,
    measure: Annotated[bool, typer.Option("--measure", help="Measure the time for one picture on one core.")] = False,
    side: Annotated[int | None, typer.Option(min=1, help="Side of the pictures, in pixels; the card's.")] = None,
    depth: Annotated[int | None, typer.Option(min=1, help="Depth of the layer summary; what fits.")] = None,
    draw: Annotated[Path | None, typer.Option(help="Draw the network into this PNG file.")] = None,
    write: Annotated[Path | None, typer.Option(help="Write the whole zoo into this Markdown file.")] = None,
) -> None:
    """List the shipped models and the networks, or print what one of them is.

    The networks need the laboratory, which the extra 'train' brings.
    """
    from mien.recognition.model_file import shipped_models

    if name is None:
        if changes or side or depth or draw:
            raise typer.BadParameter("options of one network need its NAME")
        if write is not None:
            _write_catalogue(write)
            return
        faults = _list_shipped()
        if find_spec("torch") is not None:
            _list_networks(study=study, measure=measure)
        elif study or measure:
            raise MienError("networks need the laboratory; install it with: pip install 'mien[train]'")
        if faults:
            raise typer.Exit(EXIT_FAULT)
    elif name in shipped_models() or name.endswith(".onnx") or Path(name).is_file():
        from mien.recognition.model_file import load_model_file

        if changes or side or depth or draw or measure:
            raise typer.BadParameter(f"{name} is a model file; these options are for networks")
        _print_contract(load_model_file(name))
    else:
        _print_network(name, changes or [], side=side, measure=measure, depth=depth, draw=draw)


def _list_shipped() -> int:
    """Print the shipped models and return how many of them are broken."""
    from mien.recognition.model_file import load_model_file, shipped_models

    loaded, faults = [], 0
    for shipped in shipped_models():
        try:
            loaded.append(load_model_file(shipped))
        except ModelFileError as error:
            faults += 1
            print_error(str(error))
    if loaded:
        _print_list(loaded)
    return faults


def _list_networks(*, study: str | None, measure: bool) -> None:
    from mien.app.catalogue import network_rows
    from mien.app.figures import print_rows
    from mien.app.terminal import ProgressLine
    from mien.models import ESTIMATORS, MODELS
    from mien.models.catalogue import find_facts
    from mien.models.summary import measure_latency_ms

    studies = sorted({study for entry in MODELS for study in entry.card.studies})
    if study is not None and study not in studies:
        raise MienError(f"unknown study {study!r}{suggest(study, studies)}")
    names = [entry.name for entry in MODELS if study is None or study in entry.card.studies]
    progress = ProgressLine(len(names), noun="networks")
    measured = 0

    def latency_ms(network: str) -> float:
        nonlocal measured
        progress.show(measured)
        measured += 1
        from mien.models import create_model

        return measure_latency_ms(create_model(network), MODELS.get(network).card.input_size)

    facts = []
    for number, each in enumerate(names, 1):
        facts.append(find_facts(each))
        progress.show(number)
    rows = network_rows(facts, ships_as=_ships_as(), latency_ms=latency_ms if measure else None)
    progress.clear()
    print_rows(rows, num_text_columns=2)
    estimators = [entry for entry in ESTIMATORS if study is None or study in entry.card.studies]
    if estimators:
        print("estimators: " + ", ".join(entry.name for entry in estimators))


def _print_estimator(name: str) -> None:
    from mien.app.catalogue import estimator_card_rows, option_rows
    from mien.app.figures import print_rows
    from mien.models import ESTIMATORS
    from mien.models.catalogue import find_options

    entry = ESTIMATORS.get(name)
    _print_pairs(dict(estimator_card_rows(entry)))
    print_rows(option_rows(find_options(entry.plugin)), num_text_columns=3)


def _print_network(
    name: str, changes: list[str], *, side: int | None, measure: bool, depth: int | None, draw: Path | None
) -> None:
    if find_spec("torch") is None:
        from mien.recognition.model_file import shipped_models

        hint = suggest(name, shipped_models())
        raise MienError(f"unknown model {name!r}{hint}; networks need the laboratory: pip install 'mien[train]'")
    from mien.app.catalogue import card_rows, layer_rows, option_rows
    from mien.app.figures import print_rows
    from mien.models import ESTIMATORS, MODELS, create_model
    from mien.models.catalogue import find_facts, find_shared_options
    from mien.models.drawing import draw_architecture
    from mien.models.summary import measure_latency_ms
    from mien.recognition.model_file import shipped_models
    from mien.settings import parse_setting

    if name in ESTIMATORS:
        if changes or side or depth or draw or measure:
            raise typer.BadParameter(f"{name} is an estimator; these options are for networks")
        _print_estimator(name)
        return
    networks = [each for entry in MODELS for each in (entry.name, *entry.aliases)]
    known = [*shipped_models(), *networks, *ESTIMATORS.names()]
    if "/" not in name and name not in known:
        raise MienError(f"unknown model {name!r}{suggest(name, known)}")
    options: dict[str, Any] = dict(
        parse_setting(change, expected="OPTION=VALUE, such as width=24") for change in changes
    )
    try:
        facts = find_facts(name, side=side, **options)
        latency = None
        if measure:
            network = create_model(name, in_channels=facts.summary.input_size[0], **options)
            latency = measure_latency_ms(network, facts.summary.input_size)
    except ValueError as fault:
        raise MienError(f"model {name!r}: {fault}") from None
    _print_pairs(dict(card_rows(facts, ships_as=_ships_as().get(facts.name, ()), latency_ms=latency)))
    print_rows(option_rows((*facts.options, *find_shared_options())), num_text_columns=3)
    print_rows(layer_rows(facts.summary, depth=depth), num_text_columns=3)
    if draw is not None:
        title = " ".join([name, *changes])
        print(f"picture: {draw_architecture(facts.summary, draw, title=title)}")


def _write_catalogue(file: Path) -> None:
    from mien.app.catalogue import catalogue_markdown
    from mien.models import ESTIMATORS, MODELS
    from mien.models.catalogue import find_facts
    from mien.writing import write_atomically

    facts = [find_facts(name) for name in MODELS.names()]
    write_atomically(file, catalogue_markdown(facts, list(ESTIMATORS), ships_as=_ships_as()))
    print(f"{file}: {len(MODELS)} networks and {len(ESTIMATORS)} estimators written")


def _ships_as() -> Mapping[str, tuple[str, ...]]:
    from mien.models.catalogue import names_of_shipped
    from mien.recognition.model_file import load_model_file, shipped_models

    contracts = []
    for shipped in shipped_models():
        try:
            contracts.append(load_model_file(shipped).contract)
        except ModelFileError:  # the list of shipped models names it
            continue
    return names_of_shipped(contracts)


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


def _print_contract(model_file: "ModelFile") -> None:
    from dataclasses import asdict

    rows = {"file": str(model_file.path), "size": f"{model_file.num_bytes / 1e6:.1f} MB"}
    for field, value in asdict(model_file.contract).items():
        if isinstance(value, dict) and value:
            rows |= {f"{field}.{path}": leaf for path, leaf in _to_leaves(value)}
        else:
            rows[field] = _to_text(value)
    _print_pairs(rows)


def _print_pairs(rows: Mapping[str, str]) -> None:
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
        text = f"[{', '.join(_to_text(each) for each in value)}]"
        return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]} ..."
    return str(value) if value not in ("", {}) else "-"
