import os
import threading
from pathlib import Path

import cv2
import pytest

from mien.recognition.silencing import silencing_native_libraries, silencing_opencv


def test_silencing_native_libraries_drops_lines_inside_the_block_only(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before\n")
    with silencing_native_libraries():
        os.write(2, b"inside\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"


def test_silencing_native_libraries_ends_with_an_error_too(capfd: pytest.CaptureFixture[str]) -> None:
    def fail_inside() -> None:
        with silencing_native_libraries():
            raise ValueError("a defect")

    with pytest.raises(ValueError, match="a defect"):
        fail_inside()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_silencing_native_libraries_by_two_threads_leaves_no_silence(capfd: pytest.CaptureFixture[str]) -> None:
    def silence() -> None:
        for _ in range(50):
            with silencing_native_libraries():
                os.write(2, b"inside\n")

    threads = [threading.Thread(target=silence) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_silencing_opencv_drops_its_warnings_inside_the_block_only(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake = tmp_path / "fake.mp4"
    fake.write_bytes(b"PK")
    with silencing_opencv():
        cv2.VideoCapture(str(fake), cv2.CAP_FFMPEG)
    assert "WARN" not in capfd.readouterr().err
    cv2.VideoCapture(str(fake), cv2.CAP_FFMPEG)
    assert "WARN" in capfd.readouterr().err


def test_silencing_opencv_restores_the_level_after_an_error_too() -> None:
    before = cv2.utils.logging.getLogLevel()
    with pytest.raises(ValueError, match="a defect"), silencing_opencv():
        raise ValueError("a defect")
    assert cv2.utils.logging.getLogLevel() == before


def test_silencing_opencv_lasts_until_the_last_thread_is_done_and_none_waits() -> None:
    before = cv2.utils.logging.getLogLevel()
    is_inside, may_leave = threading.Event(), threading.Event()

    def silence() -> None:
        with silencing_opencv():
            is_inside.set()
            may_leave.wait(20)

    thread = threading.Thread(target=silence)
    thread.start()
    is_inside.wait(20)
    with silencing_opencv(), silencing_opencv():
        may_leave.set()
        thread.join()
        assert cv2.utils.logging.getLogLevel() == cv2.utils.logging.LOG_LEVEL_SILENT
    assert cv2.utils.logging.getLogLevel() == before
