from collections.abc import Callable
from pathlib import Path

import pytest

from mien.studies.campaign import Campaign, read_campaign
from mien.studies.campaign_results import RunResult, current_results, read_results, results_file
from mien.studies.campaign_tables import campaign_rows, campaigns_markdown

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def campaign(campaign_file: Path) -> Campaign:
    return read_campaign(campaign_file)


def test_campaign_rows_are_means_over_seeds(campaign: Campaign, result: Callable[..., RunResult]) -> None:
    results = [
        result("as it is", 0, 0.50),
        result("as it is", 1, 0.52),
        result("Wider (16)", 0, 0.57, num_training=100),
    ]
    baseline, wider = campaign_rows(campaign, results)[1:]
    assert baseline == ["as it is", "112", "2", "51.00 %", "50.00 to 52.00", "51.00 %", "51.00 %", "compared with"]
    assert wider[:7] == ["Wider (16)", "100", "1", "57.00 %", "", "57.00 %", "57.00 %"]
    assert wider[7].startswith("+6.00 (")


def test_campaign_rows_say_what_is_missing(campaign: Campaign, result: Callable[..., RunResult]) -> None:
    rows = campaign_rows(campaign, [result("as it is", 0, 0.5)])
    assert rows[1][-1] == "compared with"
    assert rows[2] == ["Wider (16)", "", "0", "not trained yet", "", "", "", ""]
    one_seed = campaign_rows(campaign, [result("as it is", 0, 0.5), result("Wider (16)", 0, 0.6)])
    assert one_seed[2][-1] == "+10.00 (one seed)"
    others = campaign_rows(campaign, [result("as it is", 0, 0.5), result("Wider (16)", 0, 0.6, rows_fingerprint="x")])
    assert others[2][-1] == "other rows"


def test_campaigns_markdown_holds_question_table_note_and_changes(
    campaign: Campaign, result: Callable[..., RunResult]
) -> None:
    text = campaigns_markdown([(campaign, [result("as it is", 0, 0.5)])])
    for part in (
        "## widths",
        "Does a wider network",
        "| as it is ",
        "Both are tiny.",
        "- Wider (16): `model.width=16`",
    ):
        assert part in text
    assert "- as it is" not in text


def test_the_document_is_current() -> None:
    files = sorted((REPOSITORY / "campaigns").glob("*.toml"))
    assert files
    campaigns = [read_campaign(file) for file in files]
    kept = [
        (each, current_results(each, read_results(results_file(REPOSITORY / "results", each)))) for each in campaigns
    ]
    assert (REPOSITORY / "docs" / "campaigns.md").read_text() == campaigns_markdown(kept), "run make tables"
