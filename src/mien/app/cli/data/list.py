"""``mien data list``: the data sets that mien reads."""

import sys
from inspect import Parameter

from mien.app.cli.data import data_app


@data_app.command("list")
def list_datasets() -> None:
    """List all data sets that mien reads, with their options, their size, their terms and where they come from."""
    from mien.data import DATASETS
    from mien.data.registry import find_dataset_options

    for entry in DATASETS:
        count = "" if entry.card.num_images is None else f"  ({entry.card.num_images:,} pictures)"
        print(f"{entry.name}{count}")
        print(f"  {(sys.modules[entry.module].__doc__ or '').partition(chr(10))[0]}")
        for option in find_dataset_options(entry.name).values():
            print(f"  option: {_describe(option)}")
        print(f"  licence: {entry.card.license}")
        print(f"  source: {entry.card.source}\n")


def _describe(option: Parameter) -> str:
    from mien.registry import describe_annotation

    default = option.default
    if isinstance(default, tuple):
        shown = f"[{', '.join(map(repr, default))}]"
    elif isinstance(default, bool):
        shown = str(default).lower()
    else:
        shown = str(default or "")
    return f"{option.name}={shown}  ({describe_annotation(option.annotation)})"
