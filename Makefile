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
# In how many processes: two a core, as many tests wait for others most of the time.
TEST_PROCESSES ?= $(shell cores="$$(getconf _NPROCESSORS_ONLN)"; echo "$$((cores > 8 ? 16 : 2 * cores))")
FUZZ_CASES ?= 200000
# What the simulation is started with beside the rest: `make simulate SIMULATE_ARGS='--seed 7 --load 0.95'`.
SIMULATE_ARGS ?= --seed 11 --seed 7
COVERAGE_PERCENT := 85

# Where things are installed: below DESTDIR for another machine's root; PREFIX is for units, commands, man pages, completions.
DESTDIR ?=
PREFIX ?= /usr/local
PROGRAM := /opt/hermes-router
USER_PROGRAM = $(or $(XDG_DATA_HOME),$(HOME)/.local/share)/hermes-router
# A folder of wheels, so that nothing is downloaded: `make install WHEELS=dist/wheels`.
WHEELS ?=
# `make uninstall PURGE=1` removes settings, keys and what was spent as well.
PURGE ?=
# A package is for the distribution's Python, and made with it.
DEB_PYTHON ?= /usr/bin/python3

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# An installation holds for this folder and this pyproject.toml: scripts in a virtualenv know the folder by its whole name.
HERE := $(shell pwd | cksum | cut -d ' ' -f 1)
INSTALLED := $(VENV)/.installed-$(HERE)
INSTALLED_DEV := $(VENV)/.installed-dev-$(HERE)

.PHONY: help run test check format docs bench simulate fuzz clean install install-user uninstall uninstall-user dist wheels deb trial

help: ## Show this list
	@echo "hermes-router. Start it with: make run"
	@echo
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r command what; do \
		printf '%-21s %s\n' "$$command" "$$what"; done

run: $(INSTALLED) ## Install what is needed into .venv and run the daemon here (Ctrl-C ends it)
	@exec $(BIN)/python -m hrd $(HRD_ARGS)

# What Python compiles is kept, whatever the environment says: else each process that a test starts compiles it all anew.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(INSTALLED_DEV) ## Run all tests, with coverage
	@$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist worksteal --cov --cov-report=term:skip-covered \
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
	@$(BIN)/python -m docs.generate_dialects
	@$(BIN)/python -m hrctl.manual > docs/cli.md.new
	@mv docs/cli.md.new docs/cli.md

bench: $(INSTALLED_DEV) ## Measure what is promised (wants nginx, wrk, gcc), and write bench/RESULTS.md
	@missed=0; $(BIN)/python -m bench.run || missed=$$?; $(MAKE) simulate || missed=$$?; exit $$missed

simulate: $(INSTALLED_DEV) ## Simulate a month of traffic at three loads with two seeds (some minutes), and write it into bench/RESULTS.md
	@$(BIN)/python -m tests.simulation --write bench/RESULTS.md $(SIMULATE_ARGS)

fuzz: $(INSTALLED_DEV) ## Compare the HTTP cores with h11 on 200,000 made-up messages, and try all properties, from a fresh seed
	@seed="$${FUZZ_SEED:-$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}"; \
	echo "FUZZ_SEED=$$seed FUZZ_CASES=$(FUZZ_CASES)"; \
	FUZZ_SEED="$$seed" FUZZ_CASES=$(FUZZ_CASES) $(BIN)/python -m pytest tests/fuzz -n auto $(PYTEST_ARGS) && \
	$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=fresh --hypothesis-seed="$$seed" -n auto $(PYTEST_ARGS)

install: ## Install for the machine, and start the service: sudo make install
	@$(PYTHON) packaging/program.py --at "$(PROGRAM)" --root "$(DESTDIR)" --wheels "$(WHEELS)" $(if $(WHEELS),hrd)
	@umask 022; "$(DESTDIR)$(PROGRAM)/bin/python" -I -m hrctl service install --system --root "$(DESTDIR)" --prefix "$(PREFIX)"

install-user: ## Install for you alone, and start the service
	@$(PYTHON) packaging/program.py --at "$(USER_PROGRAM)" --root "$(DESTDIR)" --wheels "$(WHEELS)" $(if $(WHEELS),hrd)
	@umask 022; "$(DESTDIR)$(USER_PROGRAM)/bin/python" -I -m hrctl service install --user --root "$(DESTDIR)"

uninstall: ## Remove what make install has installed; settings and keys stay (PURGE=1: they go too)
	@test -x "$(DESTDIR)$(PROGRAM)/bin/hr" || { echo "nothing is installed in $(DESTDIR)$(PROGRAM)" >&2; exit 1; }
	@"$(DESTDIR)$(PROGRAM)/bin/python" -I -m hrctl service uninstall --system --root "$(DESTDIR)" --prefix "$(PREFIX)" \
		$(if $(PURGE),--purge --yes)
	@rm -rf "$(DESTDIR)$(PROGRAM)"

uninstall-user: ## Remove what make install-user has installed; settings and keys stay (PURGE=1: they go too)
	@test -x "$(DESTDIR)$(USER_PROGRAM)/bin/hr" || { echo "nothing is installed in $(DESTDIR)$(USER_PROGRAM)" >&2; exit 1; }
	@"$(DESTDIR)$(USER_PROGRAM)/bin/python" -I -m hrctl service uninstall --user --root "$(DESTDIR)" $(if $(PURGE),--purge --yes)
	@rm -rf "$(DESTDIR)$(USER_PROGRAM)"

dist: $(INSTALLED_DEV) ## Build the wheel and the sdist into dist/
	@$(BIN)/python -m hatchling build -d dist

wheels: dist ## Collect the wheels of hrd and of all it needs in dist/wheels, for an installation without network
	@rm -rf dist/wheels
	@$(DEB_PYTHON) -m venv dist/collect
	@dist/collect/bin/python -m pip --quiet --disable-pip-version-check wheel --wheel-dir dist/wheels --find-links dist \
		"hrd==$$($(BIN)/python -m hatchling version)"
	@rm -rf dist/collect

deb: $(if $(WHEELS),,wheels) ## Build a Debian package into dist/
	@$(DEB_PYTHON) packaging/deb.py --wheels "$(or $(WHEELS),dist/wheels)" --to dist

trial: deb ## Try the package under a systemd of its own, which is forgotten afterwards (as root)
	@packaging/trial.sh "$$(ls -t dist/hermes-router_*.deb | head -n 1)"

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
