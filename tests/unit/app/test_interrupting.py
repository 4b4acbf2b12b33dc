import os
import signal
import subprocess
import sys
import threading

import pytest

from mien.app.interrupting import deferring_interrupts


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupt_comes_where_it_is_asked_for_and_once(capfd: pytest.CaptureFixture[str]) -> None:
    with deferring_interrupts() as check:
        check()
        interrupt()
        with pytest.raises(KeyboardInterrupt):
            check()
        check()
    assert capfd.readouterr().err == ""


def test_the_second_interrupt_prints_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    with deferring_interrupts() as check:
        interrupt()
        with pytest.raises(KeyboardInterrupt):
            check()
        interrupt()
    assert capfd.readouterr().err.startswith(
        "\nnote: stopping, and finishing or removing files that are not whole; Ctrl-C once more"
    )


def test_the_third_interrupt_ends_the_process() -> None:
    code = (
        "import os, signal, time; from mien.app.interrupting import deferring_interrupts\n"
        "with deferring_interrupts():\n"
        "    for _ in range(3): os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(9)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stderr.count("note: "), "Traceback" in ran.stderr) == (130, 1, False)


def test_an_interrupt_that_was_not_asked_for_comes_at_the_end() -> None:
    done = []

    def work() -> None:
        with deferring_interrupts():
            interrupt()
            done.append(True)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == [True]


def test_what_was_before_is_there_again_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)

    def fail_inside() -> None:
        with deferring_interrupts():
            assert signal.getsignal(signal.SIGINT) is not before
            raise ValueError("a defect")

    with pytest.raises(ValueError, match="a defect"):
        fail_inside()
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_go_without() -> None:
    ran = []

    def work() -> None:
        with deferring_interrupts() as check:
            check()
            ran.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ran == [True]
