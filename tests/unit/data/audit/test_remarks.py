from mien.data import FaceSet
from mien.data.audit import Findings, audit
from mien.data.audit.remarks import find_remarks, worst_rows
from tests.unit.data.audit.scenes import make_scenes, make_set

Audited = tuple[FaceSet, Findings]


def remarks_on(findings: Findings, row: int) -> list[str]:
    return [remark.text for remark in find_remarks(findings) if remark.is_true[row]]


def test_remarks_say_what_was_planted(audited: Audited) -> None:
    findings = audited[1]
    assert remarks_on(findings, 0) == ["copies have other labels", "identical in its split"]
    assert remarks_on(findings, 25) == ["identical in another split"]
    assert remarks_on(findings, 26) == ["nearly identical in another split"]
    assert {"voted no face", "black", "brightness low", "no face by haar"} <= set(remarks_on(findings, 27))
    assert {"voted no face", "brightness high", "no face by haar"} <= set(remarks_on(findings, 28))
    assert "subject in several splits" in remarks_on(findings, 20)
    assert {"votes say otherwise", "no face by haar"} <= set(remarks_on(findings, 3))


def test_the_worst_rows_come_first_and_faultless_ones_not_at_all(audited: Audited) -> None:
    findings = audited[1]
    remarks = find_remarks(findings)
    worst = worst_rows(findings, remarks, at_most=100).tolist()
    assert worst[0] == 27
    weights = [sum(remark.weight for remark in remarks if remark.is_true[row]) for row in worst]
    assert weights == sorted(weights, reverse=True)
    assert weights[-1] > 0
    assert not remarks_on(findings, 7)
    assert 7 not in worst
    assert worst_rows(findings, remarks, at_most=3).tolist() == worst[:3]


def test_a_clean_set_has_no_worst_rows() -> None:
    findings = audit(make_set(make_scenes(5, seed=30)), reach=10)
    assert len(worst_rows(findings, find_remarks(findings), at_most=10)) == 0
