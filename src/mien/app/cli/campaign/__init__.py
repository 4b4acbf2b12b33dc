"""``mien campaign``: one file a command in this folder, found by scanning it."""

import importlib
import pkgutil

import typer

from mien.app.cli import app

campaign_app = typer.Typer(
    help="Train variants of a recipe with several seeds, and compare them.", no_args_is_help=True
)
app.add_typer(campaign_app, name="campaign")

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
