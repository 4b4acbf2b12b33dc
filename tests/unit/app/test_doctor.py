import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mien.app import doctor
from mien.app.doctor import BROKEN, MISSING, OK, Finding, examine
from mien.errors import ModelFileError
from mien.recognition import model_file
from mien.recognition.engines import choice
from mien.recognition.recognizer import Recognizer


@pytest.fixture(autouse=True)
def only_onnx_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "find_spec", lambda _: None)


def ask(section: str, name: str) -> Finding:
    """Return the finding of one question."""
    return next(each for each in doctor._QUESTIONS[section]() if each.name == name)


def test_nothing_is_broken_here() -> None:
    findings = examine()
    assert [finding for finding in findings if finding.state == BROKEN] == []
    assert {finding.section for finding in findings} == set(doctor._QUESTIONS)
    assert all("\n" not in finding.answer for finding in findings)


def test_a_question_that_fails_leaves_the_answers_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("no\nidea")

    ask_one = lambda: iter([Finding("data", "fer2013", "here")])  # noqa: E731
    monkeypatch.setattr(doctor, "_QUESTIONS", {"machine": fail, "data": ask_one})
    assert examine() == [
        Finding("machine", "fault", "RuntimeError: no idea", BROKEN),
        Finding("data", "fer2013", "here"),
    ]


def test_a_missing_extra_names_the_pip_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name in ("pandas", "pyarrow") else object())
    assert ask("packages", "mien[tables]").answer == "lacks pandas and 1 others; pip install 'mien[tables]'"
    assert ask("packages", "mien[tables]").state == MISSING
    assert ask("packages", "mien[train]").state == OK


def test_a_package_of_the_light_install_that_cannot_be_imported_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def import_or_fail(name: str) -> None:
        if name == "cv2":
            raise ImportError("libGL.so.1: no such file")

    monkeypatch.setattr(doctor, "import_module", import_or_fail)
    finding = ask("packages", "cv2")
    assert finding.state == BROKEN
    assert finding.answer == "ImportError: libGL.so.1: no such file; install mien again: pip install mien"
    assert ask("packages", "numpy").state == OK


def test_engines_say_which_is_chosen_and_why_not_the_others() -> None:
    assert "pip install 'mien[fast]'" in ask("engines", "openvino").answer
    assert ask("engines", "onnxruntime").answer == "computes in float32; tolerance 0.0001"
    assert ask("engines", "chosen").answer.startswith("onnxruntime: the first of cuda, openvino, onnxruntime that")


def test_a_shipped_model_that_is_broken_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise ModelFileError(f"{name}: cut off")

    monkeypatch.setattr(model_file, "load_model_file", refuse)
    assert ask("models", "compact") == Finding("models", "compact", "compact: cut off", BROKEN)


def test_a_detector_file_is_there_or_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    assert ask("detectors", "yunet") == Finding("detectors", "yunet", "not there; mien weights pull yunet", MISSING)
    assert ask("detectors", "default").answer == "haar"


def test_another_file_in_a_detectors_place_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from mien.faces.detector import find_known_weights

    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    find_known_weights("yunet").place.write_bytes(b"other")
    finding = next(doctor._ask_detectors())
    assert (finding.state, finding.answer.endswith("another file than mien knows; mien weights verify yunet")) == (
        MISSING,
        True,
    )


def test_fer2013_is_found_or_how_to_name_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIEN_FER2013", str(tmp_path))
    assert ask("data", "fer2013") == Finding("data", "fer2013", str(tmp_path.resolve()))
    monkeypatch.setenv("MIEN_FER2013", str(tmp_path / "gone"))
    assert "set MIEN_FER2013 to it" in ask("data", "fer2013").answer
    assert ask("data", "fer2013").state == MISSING


def test_a_folder_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "file" / "cache"))
    finding = ask("folders", "cache")
    assert (finding.state, finding.answer.endswith("cannot be written; name another with MIEN_CACHE")) == (
        MISSING,
        True,
    )


def test_a_model_that_gives_no_probabilities_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recognizer, "predict_probabilities", lambda self, faces: np.full((len(faces), 7), np.nan))
    finding = ask("self-test", "recognition")
    assert (finding.state, finding.answer.endswith("but no probabilities came")) == (BROKEN, True)


def test_doctor_needs_no_numpy_to_say_that_it_is_missing() -> None:
    program = (
        "import sys; sys.modules['numpy'] = None; sys.argv = ['mien', 'doctor']; from mien.app.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "broken   numpy" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
