import json
from pathlib import Path

import pytest
from rich.console import Console

from mien.errors import RecipeError
from mien.studies import known_runs
from mien.studies.campaign import Campaign, read_campaign
from mien.studies.campaign_results import read_results, results_file
from mien.studies.known_runs import fingerprint_start
from mien.studies.run_campaign import run_campaign
from mien.training import RunFolder, train


@pytest.fixture
def campaign(campaign_file: Path) -> Campaign:
    return read_campaign(campaign_file).model_copy(update={"seeds": (0,)})


def test_run_campaign_trains_each_variant_and_keeps_its_figures(campaign: Campaign, tmp_path: Path) -> None:
    lines: list[str] = []
    folders = {"runs_folder": tmp_path / "runs", "results_folder": tmp_path / "results"}
    results = run_campaign(campaign, **folders, say=lines.append)
    assert [(each.variant, each.seed) for each in results] == [("as it is", 0), ("Wider (16)", 0)]
    assert results[1].num_parameters > results[0].num_parameters
    assert {(each.num_training, each.num_rows) for each in results} == {(112, 14)}
    assert results[0].rows_fingerprint == results[1].rows_fingerprint
    assert [each.accuracy for each in read_results(results_file(tmp_path / "results", campaign))] == pytest.approx(
        [each.accuracy for each in results], abs=1e-6
    )
    assert lines[0] == "run 1 of 2: as it is, seed 0"
    assert lines[-1].startswith("Wider (16), seed 0: validation ")


def test_run_campaign_trains_nothing_twice(campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = {"runs_folder": tmp_path / "runs", "results_folder": tmp_path / "results"}
    train(campaign.recipe_of("as it is", 0), runs_folder=tmp_path / "runs", console=Console(quiet=True))
    first = run_campaign(campaign, **folders)
    assert sorted(run.name for run in (tmp_path / "runs").iterdir()) == ["widths-as-it-is-s0-1", "widths-wider-16-s0-1"]

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(known_runs, "train", refuse)
    again = run_campaign(campaign, **folders)
    assert [each.weights_fingerprint for each in again] == [each.weights_fingerprint for each in first]


def test_run_campaign_goes_on_with_a_run_that_stopped(campaign: Campaign, tmp_path: Path) -> None:
    recipe = campaign.recipe_of("as it is", 0)
    run = train(recipe, runs_folder=tmp_path / "runs", console=Console(quiet=True))
    run.write_curves(run.read_curves()[:1])
    run.resume_file.unlink()
    assert not run.is_finished
    run_campaign(campaign, runs_folder=tmp_path / "runs", results_folder=tmp_path / "results")
    assert run.is_finished
    assert len(list((tmp_path / "runs").iterdir())) == 2


def test_run_campaign_begins_nothing_when_the_budget_is_spent(campaign: Campaign, tmp_path: Path) -> None:
    lines: list[str] = []
    results = run_campaign(
        campaign,
        runs_folder=tmp_path / "runs",
        results_folder=tmp_path / "results",
        budget_minutes=-1,
        say=lines.append,
    )
    assert (results, lines) == ([], ["2 runs are left; the budget of -1 minutes is spent"])


def test_run_campaign_refuses_weights_that_trained_on_validation_before_the_first_run(
    campaign_file: Path, tiny_run: RunFolder, tmp_path: Path
) -> None:
    facts = tiny_run.facts
    facts["splits_seen"]["validation"] = "trained on"
    (tiny_run.folder / "run.json").write_text(json.dumps(facts))
    changes = f"finetuning.weights={tiny_run.folder}"
    campaign_file.write_text(campaign_file.read_text().replace("model.width=16", changes))
    message = (
        r"widths: variant 'Wider \(16\)': validation of fer2013 was trained on by .*; nothing is trained: begin with"
    )
    with pytest.raises(RecipeError, match=message):
        run_campaign(read_campaign(campaign_file), runs_folder=tmp_path / "others", results_folder=tmp_path / "results")
    assert not (tmp_path / "others").exists()


def test_run_campaign_notes_what_a_run_began_with(campaign: Campaign, tiny_run: RunFolder, tmp_path: Path) -> None:
    begun = [f"finetuning.weights={tiny_run.folder}", "training.epochs=1"]
    campaign = campaign.model_copy(update={"variants": {"tuned": begun}})
    (result,) = run_campaign(campaign, runs_folder=tmp_path / "others", results_folder=tmp_path / "results")
    assert result.start_fingerprint == fingerprint_start(campaign.recipe_of("tuned", 0)) != ""
