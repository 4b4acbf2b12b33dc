"""``Campaign``: one recipe, variants of it, and the seeds that each is trained with; read from a TOML file."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from mien.errors import MienError, RecipeError
from mien.studies.foresight import check_keeps_validation
from mien.studies.reading import read_section
from mien.training.data_settings import Section
from mien.training.recipe import Recipe, read_recipe
from mien.writing import plain_name


class Campaign(Section):
    """One question, and the variants of a recipe that answer it.

    Attributes:
        name: Name of the results and of the run folders.
        question: What the campaign asks, one sentence.
        recipe: Recipe that all variants change, a path from the campaign's own file.
        seeds: Seeds that each variant is trained with.
        variants: By name, the changed settings; the first is what the others are compared with.
        note: What to know when reading the figures.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    question: str
    recipe: Path = Field(strict=False)
    seeds: Annotated[tuple[int, ...], Field(min_length=1, strict=False)] = (0,)
    variants: Annotated[dict[str, list[str]], Field(min_length=1)]
    note: str = ""

    @field_validator("seeds")
    @classmethod
    def _seeds_differ(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) != len(seeds) or min(seeds) < 0:
            raise ValueError("seeds must differ from one another and be 0 or more")
        return seeds

    @property
    def baseline(self) -> str:
        """The variant that the others are compared with."""
        return next(iter(self.variants))

    def recipe_of(self, variant: str, seed: int) -> Recipe:
        """Return the recipe of one run, named after campaign, variant and seed.

        Args:
            variant: Name of the variant.
            seed: Seed of the run.

        Raises:
            RecipeError: With all faults in one line.
        """
        name = "-".join(word for word in (self.name, plain_name(variant), f"s{seed}") if word)
        return read_recipe(self.recipe, [*self.variants[variant], f"training.seed={seed}", f"name={name}"])


def read_campaign(file: Path) -> Campaign:
    """Return the campaign of a TOML file, whose recipes all parse and leave a split to choose by.

    Args:
        file: The campaign.

    Raises:
        RecipeError: If the file is missing, is no TOML or is no campaign, a variant's recipe has faults,
            or it trains on the validation split, too.
    """
    campaign = read_section(file, Campaign, noun="campaign")
    campaign = campaign.model_copy(update={"recipe": file.parent / campaign.recipe})
    for variant in campaign.variants:
        try:
            check_keeps_validation(campaign.recipe_of(variant, campaign.seeds[0]))
        except MienError as fault:
            raise RecipeError(f"{file}: variant {variant!r}: {fault}") from None
    return campaign
