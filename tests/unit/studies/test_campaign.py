from pathlib import Path

import pytest

from mien.errors import RecipeError
from mien.studies.campaign import read_campaign


def test_read_campaign_gives_a_recipe_for_each_variant_and_seed(campaign_file: Path) -> None:
    campaign = read_campaign(campaign_file)
    assert (campaign.baseline, campaign.seeds) == ("as it is", (0, 1))
    wider = campaign.recipe_of("Wider (16)", 1)
    assert (wider.name, wider.model.options["width"], wider.training.seed) == ("widths-wider-16-s1", 16, 1)
    assert campaign.recipe_of("as it is", 0).model.options["width"] == 4


@pytest.mark.parametrize(("variant", "name"), [("breiter, größer", "widths-breiter-grosser-s0"), ("広い", "widths-s0")])
def test_a_variant_may_be_called_anything(campaign_file: Path, variant: str, name: str) -> None:
    campaign_file.write_text(campaign_file.read_text().replace("Wider (16)", variant), encoding="utf-8")
    assert read_campaign(campaign_file).recipe_of(variant, 0).name == name


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seeds = [0, 1]", "seeds = [0, 0]", "seeds: Value error, seeds must differ from one another and be 0 or more"),
        ("seeds = [0, 1]", "seeds = []", "seeds: Tuple should have at least 1 item"),
        ("seeds", "seed", "seed: Extra inputs are not permitted"),
        ("model.width=16", "model.widht=16", r"variant 'Wider \(16\)': .*did you mean 'width'"),
        (
            "model.width=16",
            "training.join_validation=true",
            r"variant 'Wider \(16\)': validation of fer2013 was trained on .*: leave out training.join_validation",
        ),
        ('"tiny.toml"', '"gone.toml"', r"variant 'as it is': .*gone\.toml does not exist"),
        ("name =", "name", "not a TOML file"),
    ],
    ids=["twice", "none", "unknown", "variant", "joined", "recipe", "toml"],
)
def test_read_campaign_says_what_is_wrong(campaign_file: Path, old: str, new: str, message: str) -> None:
    campaign_file.write_text(campaign_file.read_text().replace(old, new, 1))
    with pytest.raises(RecipeError, match=message) as raised:
        read_campaign(campaign_file)
    assert "\n" not in str(raised.value)


def test_read_campaign_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"none\.toml does not exist; expected a campaign in TOML"):
        read_campaign(tmp_path / "none.toml")
