import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import mien
from mien.app.cli import analyze, app
from mien.errors import MienError
from mien.recognition.calibrators import IsotonicRegression, calibrator_to_contract
from mien.recognition.conformal import ConformalSets
from tests.tiny_model import TINY_CONTRACT, write_tiny_model

Runner = Callable[..., Any]
PICTURES = Path(__file__).resolve().parents[4] / "examples" / "pictures"
MIEN = [sys.executable, "-m", "mien"]
HEAVY = ["torch", "torchvision", "timm", "lightning", "sklearn", "scipy", "skimage", "matplotlib", "pandas", "onnx"]


def start(*arguments: object, **options: Any) -> "subprocess.Popen[str]":
    command = [*MIEN, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def raising(error: BaseException) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.fixture
def analyze_raises(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Let ``mien analyze`` raise an error."""

    def let_raise(error: BaseException) -> None:
        monkeypatch.setattr(analyze, "_list_sources", raising(error))

    return let_raise


def test_version(run: Runner) -> None:
    assert run("--version") == (0, f"mien {mien.__version__}\n", "")


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_lists_the_verbs(run: Runner, option: str) -> None:
    ran = run(option)
    assert ran.code == 0
    assert "analyze" in ran.out
    assert "models" in ran.out


def test_no_argument_is_help(run: Runner) -> None:
    ran = run()
    assert "Usage: mien" in ran.out + ran.err


def test_an_unknown_verb_is_a_usage_error(run: Runner) -> None:
    ran = run("analyse")
    assert ran.code == 2
    assert "analyse" in ran.err


def test_every_verbs_help_has_a_first_line(run: Runner) -> None:
    run("-h")
    names = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    verbs = {name.replace("_", "-") for name in names}
    assert verbs >= {"analyze", "models", "end-to-end"}
    for verb in verbs:
        assert run(verb, "-h").code == 0


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (MienError("a.jpg: bad"), "error: a.jpg: bad\n"),
        (MienError("first\nsecond"), "error: first second\n"),
        (
            ModuleNotFoundError("No module named 'torch'", name="torch"),
            "error: this needs the package 'torch'; install it with: pip install 'mien[train]'\n",
        ),
        (
            OSError(errno.ENOSPC, "No space left", "out.bin"),
            "error: out.bin: no space left on the device; free some space or write elsewhere\n",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "out.bin"),
            "error: out.bin: permission denied; write elsewhere or change the folder's permissions\n",
        ),
    ],
    ids=["known", "two lines", "missing extra", "full disk", "permission"],
)
def test_a_known_fault_is_one_line_and_exit_code_2(
    run: Runner, analyze_raises: Callable[[BaseException], None], tiny_model: Path, error: Exception, line: str
) -> None:
    analyze_raises(error)
    assert run("analyze", "x.jpg", "--model", tiny_model) == (2, "", line)


@pytest.mark.parametrize(
    "error",
    [ValueError("a defect"), OSError(errno.EIO, "Input/output error"), ModuleNotFoundError("x", name="mien.gone")],
    ids=["value", "system", "module"],
)
def test_anything_else_keeps_its_traceback(
    monkeypatch: pytest.MonkeyPatch,
    analyze_raises: Callable[[BaseException], None],
    tiny_model: Path,
    error: Exception,
) -> None:
    from mien.app.cli import main

    analyze_raises(error)
    monkeypatch.setattr(sys, "argv", ["mien", "analyze", "x.jpg", "--model", str(tiny_model)])
    with pytest.raises(type(error), match=str(error.args[-1])):
        main()


def test_explaining_a_picture_never_imports_the_laboratory(tiny_model: Path) -> None:
    code = (
        "import sys; from mien.app.cli import main\n"
        f"sys.argv = ['mien', 'explain', {str(PICTURES / 'astronaut.png')!r}, '--model', {str(tiny_model)!r}]\n"
        "try: main()\n"
        "except SystemExit as stopped: assert stopped.code == 0, stopped.code\n"
        f"print('imported:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "imported: []"


@pytest.mark.parametrize("is_calibrated", [False, True], ids=["temperature", "calibrator and sets"])
def test_recognition_never_imports_the_laboratory(tmp_path: Path, is_calibrated: bool) -> None:
    calibrated = replace(
        TINY_CONTRACT,
        **calibrator_to_contract(IsotonicRegression(((0.1, 0.9),) * 7, ((0.0, 1.0),) * 7)),
        conformal=ConformalSets("aps", 0.9, 0.9).to_dict(),
    )
    tiny_model = write_tiny_model(tmp_path / "tiny.onnx", calibrated if is_calibrated else TINY_CONTRACT)
    arguments = ["mien", "analyze", str(PICTURES / "astronaut.png"), "--model", str(tiny_model), "--json"]
    code = (
        "import sys; from mien.app.cli import main\n"
        f"sys.argv = {arguments!r}\n"
        "try: main()\n"
        "except SystemExit as stopped: assert stopped.code == 0, stopped.code\n"
        f"print('imported:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    result, imported = ran.stdout.splitlines()
    assert imported == "imported: []"
    assert ("expression_set" in json.loads(result)["faces"][0]) == is_calibrated


def test_a_closed_pipe_is_quiet(tiny_model: Path) -> None:
    process = start("analyze", *[PICTURES / "astronaut.png"] * 3, "--detector", "none", "--model", tiny_model, "--json")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait() != 0
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("option", ["--json", "--detector=none"], ids=["json", "table"])
def test_a_full_disk_behind_standard_output_is_one_line(tiny_model: Path, option: str) -> None:
    command = [*MIEN, "analyze", str(PICTURES / "astronaut.png"), "--model", str(tiny_model), option]
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ran.stderr == "error: standard output: no space left on the device; free some space or write elsewhere\n"
    assert ran.returncode == 2


def test_control_c_is_quiet_and_exits_with_130(tiny_model: Path, tmp_path: Path) -> None:
    for number in range(300):
        Image.new("L", (600, 600), number % 256).save(tmp_path / f"{number:03}.bmp")
    process = start("analyze", tmp_path, "--model", tiny_model, "--json", start_new_session=True)
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert first.startswith('{"source"')
    assert (process.returncode, err) == (130, "")
    assert len(out.splitlines()) < 299
