import json
from collections.abc import Callable

import pytest

from mien.app import doctor
from mien.app.doctor import BROKEN, MISSING, Finding
from tests.unit.app.cli.conftest import Ran


@pytest.fixture
def run_doctor(run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    def run_with(findings: list[Finding], *arguments: str) -> Ran:
        monkeypatch.setattr(doctor, "examine", lambda: findings)
        return run("doctor", *arguments)

    return run_with


def test_doctor_aligns_what_it_found(run_doctor: Callable[..., Ran]) -> None:
    findings = [Finding("machine", "cores", "2"), Finding("engines", "openvino", "not here", MISSING)]
    assert run_doctor(findings) == (
        0,
        "machine\n  ok       cores     2\nengines\n  missing  openvino  not here\nmien works here\n",
        "",
    )


def test_doctor_exits_with_2_where_something_is_broken(run_doctor: Callable[..., Ran]) -> None:
    done = run_doctor([Finding("models", "compact", "cut off", BROKEN)])
    assert (done.code, done.err) == (2, "")
    assert done.out.endswith("  broken   compact  cut off\n1 broken\n")


@pytest.mark.parametrize(("state", "is_healthy", "code"), [(MISSING, True, 0), (BROKEN, False, 2)])
def test_doctor_as_json(run_doctor: Callable[..., Ran], state: str, is_healthy: bool, code: int) -> None:
    done = run_doctor([Finding("models", "compact", "cut off", state)], "--json")
    finding = {"section": "models", "name": "compact", "answer": "cut off", "state": state}
    assert (done.code, json.loads(done.out)) == (code, {"is_healthy": is_healthy, "findings": [finding]})
