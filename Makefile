# One way to do each thing. `make` alone lists the targets.
PYTHON ?= python3
BIN    := .venv/bin
STAMP  := .venv/.installed
ENGINES := .venv/.engines
LOCKED := --quiet --disable-pip-version-check --require-hashes
COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
  --no-annotate --no-header

.DEFAULT_GOAL := help
.PHONY: help setup run test check fix fit bench lock

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## create .venv and install the locked packages (again only when they change)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'Python 3.11 or newer is needed; $(PYTHON) is: '"$$($(PYTHON) --version 2>&1)"'.'; \
	  echo 'Install one, or name it: make setup PYTHON=python3.12'; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install $(LOCKED) -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@test -x $(BIN)/planner || { echo 'The install left no $(BIN)/planner: see [project.scripts] in pyproject.toml.'; exit 1; }
	@touch $@

$(ENGINES): requirements-engines.lock $(STAMP)
	@echo 'Installing PostgreSQL, Spark and Java for the tests: half a gigabyte, some minutes, once.'
	$(BIN)/python -m pip install $(LOCKED) -r requirements-engines.lock
	@touch $@

run: setup ## start the app on http://127.0.0.1:8501
	$(BIN)/planner serve

check: setup ## format, lint, types, import order and the fast tests: seconds
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -q -n auto -m "not browser and not slow and not real"

test: setup $(ENGINES) ## every test, with a real browser, PostgreSQL and Spark
	$(BIN)/python scripts/ensure_chromium.py
	$(BIN)/pytest -n auto -m "not browser and not real"
	$(BIN)/pytest -m real
	$(BIN)/pytest -m browser

fix: setup ## repair what a tool can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

fit: setup ## fit the throughput model to data/measured.csv anew: some minutes
	$(BIN)/python -m scripts.fit_throughput

bench: setup $(ENGINES) ## side-by-side benchmarks
	$(BIN)/python -m bench

lock: setup ## write the locks anew from pyproject.toml
	$(BIN)/$(COMPILE) --group dev pyproject.toml -o requirements.lock
	$(BIN)/$(COMPILE) --group pyproject.toml:engines -c requirements.lock -o requirements-engines.lock
	$(BIN)/$(COMPILE) bench/aiconfigurator.in -o bench/aiconfigurator.lock
