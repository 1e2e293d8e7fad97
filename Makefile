# make demo   set up a virtual environment and run the main job on sample_tiles/
# make test   set it up for tests and run them
# make evaluate   score the product on what is in the repository, with other tools beside it
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
PIP     = $(BIN)/python -m pip --disable-pip-version-check --quiet
OUT    ?= out/demo

.PHONY: demo test lint types contracts evaluate benchmarks check clean

$(VENV)/.made:
	$(PYTHON) -c 'import sys; sys.exit("Fair Witness needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.run: $(VENV)/.made pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --editable .
	$(BIN)/python -m pipeline.kernels
	touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --editable '.[dev]'
	touch $(VENV)/.run $@

demo: $(VENV)/.run
	$(BIN)/fairwitness run configs/demo.yaml --out $(OUT)
	@echo "Report: $(OUT)/index.html"
	@echo "Desk:   $(BIN)/fairwitness explore configs/demo.yaml --site garrison --out $(OUT)"

test: $(VENV)/.dev
	$(BIN)/python -m pytest

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

evaluate: $(VENV)/.run
	$(BIN)/fairwitness evaluate

benchmarks: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks

check: lint types contracts test

clean:
	rm -rf out $(VENV) build *.egg-info
