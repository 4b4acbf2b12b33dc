"""Says in one line what is missing for `make`: a Python of 3.11 or later, with venv and pip in it."""

import importlib.util
import sys

if sys.version_info < (3, 11):
    sys.exit("mien needs Python 3.11 or later, this is %d.%d; try: make PYTHON=python3.11" % sys.version_info[:2])
for module in ("venv", "ensurepip"):
    if importlib.util.find_spec(module) is None:
        sys.exit("this Python has no %s; on Debian and Ubuntu: apt-get install python3-venv" % module)
