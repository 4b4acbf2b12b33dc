"""``Ensemble``: several runs as one model on disk, judged, exported and distilled by the functions that take a run."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mien.errors import RunFolderError
from mien.evaluation.ensemble.combinations import Tree
from mien.evaluation.ensemble.predictor import EnsemblePredictor, Member
from mien.evaluation.ensemble.recipe import EnsembleRecipe
from mien.evaluation.predictors import load_predictor, order_run_views
from mien.training.forerunners import join_splits_seen
from mien.training.run_folder import RunFolder
from mien.writing import create_numbered_folder

FORMAT = "mien ensemble 1"
FILE_NAME = "ensemble.json"
_FACTS = ("data_fingerprint", "expressions", "splits_seen", "is_leaky", "recipe_fingerprint", "seed", "in_channels")


@dataclass(frozen=True)
class Ensemble:
    """Several runs as one model; it takes a run's place wherever models are judged or exported.

    Args:
        folder: The folder; ``ensemble.json`` and kept answers lie in it.
        recipe: What it is made of.
        members: Runs of its members, whose weights are those it was made of.
        stored_facts: What was written down when it was made.
    """

    folder: Path
    recipe: EnsembleRecipe
    members: tuple[RunFolder, ...]
    stored_facts: Mapping[str, Any]

    @classmethod
    def create(cls, ensembles_folder: Path, recipe: EnsembleRecipe, *, facts: Mapping[str, Any]) -> "Ensemble":
        """Return a new ensemble on disk, its folder numbered from 1; it is whole or not there.

        Args:
            ensembles_folder: Folder of all ensembles; made where it is missing.
            recipe: What it is made of.
            facts: What else is known of it.

        Raises:
            MienError: If the disk is full or the place may not be written.
        """
        content = {
            "format": FORMAT,
            "recipe": recipe.model_dump(mode="json"),
            "weights_fingerprint": recipe.weights_fingerprint,
            "facts": dict(facts) | {"recipe_fingerprint": recipe.fingerprint},
        }
        text = json.dumps(content, indent=2) + "\n"
        return cls.open(create_numbered_folder(ensembles_folder, recipe.name, {FILE_NAME: text}))

    @classmethod
    def open(cls, folder: Path) -> "Ensemble":
        """Return an ensemble whose members have the weights that it was made of.

        Raises:
            RunFolderError: If it is missing or damaged, or a member is missing or has other weights.
        """
        file = Path(folder) / FILE_NAME
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            if content.get("format") != FORMAT:
                raise RunFolderError(f"{file}: not an ensemble of mien (expected the format {FORMAT!r})")
            recipe = EnsembleRecipe.model_validate(content["recipe"])
            facts = {name: content["facts"][name] for name in _FACTS} | content["facts"]
        except FileNotFoundError:
            raise RunFolderError(f"{folder}: no {FILE_NAME} in it; expected what `mien ensemble` made") from None
        except ValidationError as fault:
            first = fault.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise RunFolderError(f"{file} is damaged: {place}: {first['msg']}") from None
        except (ValueError, KeyError, TypeError, AttributeError) as fault:
            raise RunFolderError(f"{file} is damaged: {type(fault).__name__} {fault}") from None
        if content.get("weights_fingerprint") != recipe.weights_fingerprint:
            raise RunFolderError(f"{file} is damaged: members or weights are not those it was made of")
        return cls(Path(folder), recipe, tuple(_open_members(Path(folder), recipe)), facts)

    @property
    def facts(self) -> dict[str, Any]:
        """What was written down when it was made, with all that its members have seen."""
        facts = [run.facts for run in self.members]
        seen = [self.stored_facts["splits_seen"], *(each["splits_seen"] for each in facts)]
        is_leaky = self.stored_facts["is_leaky"] or any(each.get("is_leaky", False) for each in facts)
        return dict(self.stored_facts) | {"splits_seen": join_splits_seen(seen), "is_leaky": is_leaky}

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the packages that decide about what its members answer."""
        return {name: version for run in self.members for name, version in run.versions.items()}

    @property
    def forerunners(self) -> list[dict[str, Any]]:
        """Forerunners of all members, each once."""
        found = [each for run in self.members for each in run.forerunners]
        return [each for place, each in enumerate(found) if each not in found[:place]]

    def weights_fingerprint(self) -> str:
        """Return the SHA-256 over the members' weights and how they are combined."""
        return self.recipe.weights_fingerprint


def open_model(folder: Path) -> RunFolder | Ensemble:
    """Return the run or the ensemble of a folder.

    Raises:
        RunFolderError: If it is missing, neither of the two, or damaged.
    """
    return Ensemble.open(folder) if (Path(folder) / FILE_NAME).exists() else RunFolder.open(folder)


def _open_members(folder: Path, recipe: EnsembleRecipe) -> Iterable[RunFolder]:
    for member in recipe.members:
        run = RunFolder.open((folder / member.folder).resolve())
        if run.weights_fingerprint() != member.weights_fingerprint:
            raise RunFolderError(
                f"{folder}: the weights of {member.name} are not those that the ensemble was made of; make a new one"
            )
        yield run


@load_predictor.register
def _load_ensemble(ensemble: Ensemble) -> EnsemblePredictor:
    expressions = ensemble.facts["expressions"]
    is_tree = isinstance(ensemble.recipe.combination, Tree)
    members = []
    for run in ensemble.members:
        own = run.facts["expressions"]
        columns = (0, 1) if is_tree else tuple(own.index(name) for name in expressions)
        members.append(Member(run, load_predictor(run), columns))
    return EnsemblePredictor(ensemble.recipe, members)


@order_run_views.register
def _order_views_of_ensemble(ensemble: Ensemble, views: Sequence[str] | None) -> tuple[str, ...]:
    asked = ensemble.recipe.views if views is None else views
    found = [order_run_views(run, asked) for run in ensemble.members]  # each may refuse
    return found[0]
