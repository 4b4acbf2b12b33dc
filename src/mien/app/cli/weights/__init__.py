"""``mien weights``: one file a command in this folder, found by scanning it."""

import importlib
import pkgutil

import typer

from mien.app.cli import app

weights_app = typer.Typer(
    help="Model files that mien does not bring: see what is there, check it, and fetch what is not.",
    no_args_is_help=True,
)
app.add_typer(weights_app, name="weights")

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
