"""Files that say what to study: TOML to a checked section, for campaigns and searches."""

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from mien.errors import RecipeError
from mien.settings import read_toml
from mien.training.data_settings import Section

AnySection = TypeVar("AnySection", bound=Section)


def read_section(file: Path, section: type[AnySection], *, noun: str) -> AnySection:
    """Return what a TOML file says.

    Args:
        file: The file.
        section: What it must hold, at its top level.
        noun: What error messages call it, such as ``campaign``.

    Raises:
        RecipeError: If the file is missing, is no TOML or has faults, all of them in one line.
    """
    settings = read_toml(file, noun=noun)
    try:
        return section.model_validate(settings)
    except ValidationError as fault:
        lines = [f"{'.'.join(map(str, each['loc'])) or noun}: {each['msg']}" for each in fault.errors()]
        raise RecipeError(f"{file}: {'; '.join(lines)}") from None
