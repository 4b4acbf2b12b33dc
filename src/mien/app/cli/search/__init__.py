"""``mien search``: one file a command in this folder, found by scanning it."""

import importlib
import pkgutil

import typer

from mien.app.cli import app

search_app = typer.Typer(
    help="Search a recipe's settings or a network's structure for what works best.", no_args_is_help=True
)
app.add_typer(search_app, name="search")

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
