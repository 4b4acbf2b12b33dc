"""What an ensemble is made of, in plain types: its file, its records and the contract of its model file hold it."""

import hashlib
import json
from typing import Annotated, Any

from pydantic import Field, model_validator

from mien.evaluation.ensemble.combinations import Combination
from mien.training.data_settings import DataSettings, Section


class MemberSettings(Section):
    """One member.

    Attributes:
        name: Name of its run folder.
        folder: Its run folder, from the folder of the ensemble.
        weights_fingerprint: SHA-256 of its weights.
        recipe: Its resolved recipe.
    """

    name: str
    folder: str
    weights_fingerprint: str
    recipe: dict[str, Any]


class EnsembleRecipe(Section):
    """What an ensemble is made of, and how.

    Attributes:
        name: Name of its folder and, when exported, of the model.
        data: The faces that it is judged on.
        method: How it was chosen.
        views: Test-time views that every member averages.
        combination: How the members' answers become one.
        members: The members, in the order of the combination.
    """

    name: str
    data: DataSettings
    method: str
    views: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    combination: Annotated[Combination, Field(discriminator="kind")]
    members: Annotated[tuple[MemberSettings, ...], Field(strict=False, min_length=1)]

    @model_validator(mode="after")
    def _members_are_those_combined(self) -> "EnsembleRecipe":
        if self.combination.num_members != len(self.members):
            raise ValueError(f"{len(self.members)} members, and a combination of {self.combination.num_members}")
        return self

    @property
    def weights_fingerprint(self) -> str:
        """SHA-256 over the members' weights and how they are combined."""
        return _fingerprint([each.weights_fingerprint for each in self.members], self.combination.model_dump())

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all but names and places."""
        settings = self.model_dump(mode="json", exclude={"name": True, "members": {"__all__": {"name", "folder"}}})
        return _fingerprint(settings)


def _fingerprint(*contents: Any) -> str:
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()
