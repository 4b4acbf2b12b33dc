import subprocess
import sys


def test_python_m_mien_is_the_command_line() -> None:
    done = subprocess.run([sys.executable, "-m", "mien", "--version"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("mien ")
    wrong = subprocess.run([sys.executable, "-m", "mien", "models", "x"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("error: unknown model 'x'")
