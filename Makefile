# Everything that is done with this checkout. `make help` lists it.

SHELL := /bin/sh
.SHELLFLAGS := -euc
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Which Python the virtualenv is made with: `make run PYTHON=python3.12`. Without it the first that is new enough.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$python"; exit; }; done; echo python3)
# What `hrd` is started with: `make run HRD_ARGS=--check-config`. The demo is over as soon as there is a credential.
HRD_ARGS ?= --demo
# What pytest is started with beside the rest: `make test PYTEST_ARGS='-k exchange'`.
PYTEST_ARGS ?=
FUZZ_CASES ?= 200000
COVERAGE_PERCENT := 85

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# An installation holds for this folder and this pyproject.toml: scripts in a virtualenv know the folder by its whole name.
HERE := $(shell pwd | cksum | cut -d ' ' -f 1)
INSTALLED := $(VENV)/.installed-$(HERE)
INSTALLED_DEV := $(VENV)/.installed-dev-$(HERE)

.PHONY: help run test check format docs bench fuzz clean

help: ## Show this list
	@echo "hermes-router. Start it with: make run"
	@echo
	@sed -n 's/^\([a-z][a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r command what; do \
		printf '%-14s %s\n' "$$command" "$$what"; done

run: $(INSTALLED) ## Install what is needed into .venv and run the daemon here (Ctrl-C ends it)
	@exec $(BIN)/python -m hrd $(HRD_ARGS)

test: $(INSTALLED_DEV) ## Run all tests, with coverage
	@$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term:skip-covered \
		--cov-fail-under=$(COVERAGE_PERCENT) $(PYTEST_ARGS)

check: $(INSTALLED_DEV) ## Check format, lint, types and architecture
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest tests/test_architecture.py tests/test_layout.py

format: $(INSTALLED_DEV) ## Format the code, and mend what can be mended by itself
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

docs: $(INSTALLED_DEV) ## Make those pages of docs/ that are made of the code
	@$(BIN)/python -m docs.generate_providers
	@$(BIN)/python -m docs.generate_settings
	@$(BIN)/python -m hrctl.manual > docs/cli.md.new
	@mv docs/cli.md.new docs/cli.md

bench: $(INSTALLED_DEV) ## Measure what is promised (wants nginx, wrk, gcc), and write bench/RESULTS.md
	@$(BIN)/python -m bench.run

fuzz: $(INSTALLED_DEV) ## Compare the HTTP cores with h11 on 200,000 made-up messages, from a fresh seed
	@seed="$${FUZZ_SEED:-$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}"; \
	echo "FUZZ_SEED=$$seed FUZZ_CASES=$(FUZZ_CASES)"; \
	FUZZ_SEED="$$seed" FUZZ_CASES=$(FUZZ_CASES) $(BIN)/python -m pytest tests/fuzz -n auto $(PYTEST_ARGS)

clean: ## Remove what make has made here; your keys and settings stay
	rm -rf $(VENV) .coverage .hypothesis .mypy_cache .ruff_cache .pytest_cache bench/build dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV) (once; needs the network) …" >&2
	@$(PIP) install --editable .
	@touch $@

$(INSTALLED_DEV): pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV), with the tools for tests (once; needs the network) …" >&2
	@$(PIP) install --editable '.[dev]'
	@touch $(INSTALLED) $@

# Only whether it is there counts: a Python that was removed leaves a dangling link, and everything is made anew.
$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11 or newer" \
		"(Debian, Ubuntu: sudo apt install python3 python3-venv), or name one: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "hermes-router needs Python 3.11 or newer, and" \
		"$(PYTHON) is $$($(PYTHON) -c 'import platform; print(platform.python_version())'):" \
		"name a newer one with: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { version="$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')"; \
		echo "Python's venv module is missing. Install it with: sudo apt install python$$version-venv" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
