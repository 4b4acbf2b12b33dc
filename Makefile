# Everything a checkout needs, from nothing but Python 3.11 or later (with venv) and its package registry.
PYTHON ?= python3
LIGHT := .venv-light
FULL := .venv
PICTURES := examples/pictures

.PHONY: help demo test test-all check format tables pictures bench light full clean

help:  ## Say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

demo: light  ## Install the light wheel into its own environment and recognise the bundled pictures
	@echo "== analysing the pictures in $(PICTURES)"
	@$(LIGHT)/bin/mien analyze $(PICTURES) --save demo-output
	@echo "== annotated pictures are in demo-output"

test: full  ## Run the tests
	@echo "== running the tests"
	@$(FULL)/bin/python -m pytest -m "not slow"

test-all: full  ## Run the tests, the slow ones too
	@echo "== running all tests"
	@$(FULL)/bin/python -m pytest

check: full  ## Lint, formatting, types, layers
	@echo "== ruff"
	@$(FULL)/bin/ruff check .
	@$(FULL)/bin/ruff format --check .
	@echo "== mypy"
	@$(FULL)/bin/mypy
	@echo "== import-linter"
	@$(FULL)/bin/lint-imports

format: full  ## Format the code and sort imports
	@$(FULL)/bin/ruff check --fix .
	@$(FULL)/bin/ruff format .

tables: full  ## Write the README's tables anew from results/, docs/campaigns.md too, and docs/models.md from the registry
	@$(FULL)/bin/mien results --update README.md
	@$(FULL)/bin/mien campaign show campaigns/*.toml --write docs/campaigns.md
	@$(FULL)/bin/mien models --write docs/models.md

pictures: full  ## Make the README's pictures and its animation anew by the program itself
	@$(FULL)/bin/python -m tools.make_pictures

bench: light full  ## Measure every promised speed and size
	@$(FULL)/bin/mien bench --light-python $(LIGHT)/bin/python

light: $(LIGHT)/.ready
full: $(FULL)/.ready

SOURCES := pyproject.toml $(shell find src/mien -name '*.py' -o -name '*.onnx')

$(LIGHT)/.ready: $(SOURCES) README.md LICENSE
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) not found: install Python 3.11 or later, or name it: make PYTHON=..."; exit 1; }
	@$(PYTHON) tools/check_python.py
	@echo "== building the wheel and installing it with the light install into $(LIGHT) (about 350 MB)"
	@rm -rf $(LIGHT) build/wheel
	@$(PYTHON) -m venv $(LIGHT)
	@$(LIGHT)/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/wheel .
	@$(LIGHT)/bin/python -m pip install --quiet --disable-pip-version-check build/wheel/mien-*.whl
	@touch $@

$(FULL)/.ready: pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) not found: install Python 3.11 or later, or name it: make PYTHON=..."; exit 1; }
	@$(PYTHON) tools/check_python.py
	@echo "== installing mien with all extras into $(FULL) (about 6 GB, torch above all)"
	@test -x $(FULL)/bin/python || $(PYTHON) -m venv $(FULL)
	@$(FULL)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[train,tables,video,fast,live,dev]'
	@touch $@

clean:  ## Remove environments, caches and what the demo wrote
	rm -rf $(LIGHT) $(FULL) build demo-output .mypy_cache .ruff_cache .pytest_cache .hypothesis
