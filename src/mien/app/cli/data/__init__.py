"""``mien data``: one file a command in this folder, found by scanning it."""

import importlib
import pkgutil

import typer

from mien.app.cli import app

data_app = typer.Typer(help="Look into data sets, audit, clean, prepare and write them.", no_args_is_help=True)
app.add_typer(data_app, name="data")

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
