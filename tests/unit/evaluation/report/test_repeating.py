import pytest

from mien.evaluation.report.repeating import make_protocol


def test_facts_stand_in_full(make_contents, judged) -> None:
    rules, _ = make_protocol(make_contents(judged.one.folder, judged.two.folder))
    words, table = rules.blocks
    assert "opened none" in words.lines[0]
    facts = {row[0]: row[1:] for row in table.rows}
    content = judged.record.content
    assert facts[""] == ["one, validation", "one, test", "two, validation"]
    assert facts["weights"] == [judged.one.weights_fingerprint()] * 2 + [judged.two.weights_fingerprint()]
    assert facts["splits seen"][0] == "training trained on; validation chosen on"
    assert facts["record"] == ["none", judged.record.file.name, "none"]
    assert facts["SHA-256 of its predictions"] == ["–", content["predictions_sha256"], "–"]
    assert facts["sealed"][1] == content["created"]


def test_commands_repeat_the_page_without_telling_folders(
    make_contents, judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(judged.one.folder.parent.parent)
    _, part = make_protocol(make_contents(judged.one.folder, judged.ensemble, judged.record.file))
    lines = part.blocks[0].lines
    record = "results/official/fer2013/0001-one.json"
    assert lines[0].startswith(f"mien report runs/one-1 ensembles/both-1 {record}  # mien ")
    assert "mien robustness runs/one-1 --rows 5" in lines
    assert "mien evaluate ensembles/both-1 --split validation" in lines
    assert lines[-1] == f"mien results {record}"
    monkeypatch.chdir("/")
    monkeypatch.chdir(judged.ensemble)
    _, part = make_protocol(make_contents(judged.two.folder))
    assert part.blocks[0].lines[0].startswith("mien report runs/two-1  #")
