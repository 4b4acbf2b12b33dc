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
