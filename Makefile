# Two commands matter: `make demo` and `make test`. Both build .venv first and work again after `git pull`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PROGRAM := $(VENV)/.program
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
N      ?= 50
FUZZ   ?= 20
# The tests without a process, a socket or a screen: what they leave out of these packages is not tested by itself.
PURE   := tests/domain tests/presentation tests/report tests/profiles
# Tests wait for simulators and terminals more than they compute, so there are three workers a core.
JOBS   ?= $(shell $(PYTHON) -c 'import os; print(3 * (os.cpu_count() or 1))')

# Hundreds of short processes are started by tests and measurements; each would compile the program anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo team-demo test coverage readme check format figures bench screenshots docs campaigns conformance kill-test fuzz dist installs bundle bundle-test matrix clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 16

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "vmss-tui needs Python 3.11 or newer; try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "this Python has no venv module; on Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(STAMP): requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing pinned dependencies into $(VENV) ..."
	@$(INSTALL) -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $(STAMP) $(PROGRAM)

# What the program needs, without the tools for its development: the demo is there in a fraction of the time.
$(PROGRAM): requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing vmss-tui into $(VENV) ..."
	@$(INSTALL) --constraint requirements.lock hatchling editables
	@$(INSTALL) --constraint requirements.lock --no-build-isolation -e .
	@touch $(PROGRAM)

demo: $(PROGRAM)  ## open the app on the simulator
	@$(BIN)/vmss-tui demo $(ARGS)

team-demo: $(STAMP)  ## two bastions, one database, a killed worker and the take-over, in tmux and in two minutes
	@command -v tmux >/dev/null || { echo "the demo of a team needs tmux"; exit 1; }
	@cd tests && ../$(BIN)/python -m support.team_demo

test: $(STAMP)  ## run the test suite; what takes long is in the campaigns
	@$(BIN)/pytest -n $(JOBS) --dist=worksteal -q -m "not campaign" $(ARGS)

campaigns: $(STAMP)  ## run whole rollouts with outages, faults, take-overs and the documents' own commands
	@$(BIN)/pytest -n $(JOBS) --dist=load --maxschedchunk=1 -q -m campaign --ignore=tests/engine/runner/test_kill.py $(ARGS)

coverage: $(STAMP)  ## gate the branch coverage of the pure packages by their own tests
	@$(BIN)/pytest -n $(JOBS) --dist=worksteal -q --cov --cov-report= $(PURE)
	@$(BIN)/coverage report --skip-covered --show-missing --fail-under=100 --include='*/vmss_tui/domain/*'
	@for package in presentation report profiles; do \
	  $(BIN)/coverage report --skip-covered --show-missing --fail-under=95 --include="*/vmss_tui/$$package/*" || exit 1; \
	done

check: $(STAMP)  ## format, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(STAMP)  ## format and fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(STAMP)  ## measure the budgets, as ratios to a baseline of the same run
	@cd tests && ../$(BIN)/python -m bench $(ARGS)

figures: $(STAMP)  ## count the code base: sizes, circles, arrows, docstrings (ARGS=tui/vmss_tui of another checkout)
	@cd tests && ../$(BIN)/python -m support.source.figures $(ARGS)

screenshots: $(STAMP)  ## draw every screen from its scenario into screenshots/
	@$(BIN)/python screenshots/generate.py $(ARGS)

readme: $(STAMP)  ## write the README's generated parts
	@cd tests && ../$(BIN)/python -m support.readme

docs: $(STAMP)  ## build the documents as a site into dist/site; a dead link fails
	@DISABLE_MKDOCS_2_WARNING=true NO_MKDOCS_2_WARNING=true $(BIN)/mkdocs build --quiet --strict -f .ci/docs.yml

conformance: $(STAMP)  ## run the real Azure CLI and Azure's JavaScript SDK against the simulator
	@PYTHON=$(PYTHON) tests/conformance/run -n $(JOBS) --dist=worksteal $(ARGS)

fuzz: $(STAMP)  ## run every property test with FUZZ times as many cases as the suite, new ones each time (FUZZ=20)
	@FUZZ=$(FUZZ) $(BIN)/pytest -m hypothesis -n $(JOBS) --dist=worksteal -q --timeout=1200 $(ARGS)

kill-test: $(STAMP)  ## kill the runner N times at random points (N=50)
	@KILLS=$(N) $(BIN)/pytest tests/engine/runner/test_kill.py -q $(ARGS)

dist: $(STAMP)  ## build wheel and sdist, and check what a package index would say
	@rm -f dist/vmss_tui-*
	@$(BIN)/python -m hatchling build -t wheel
	@$(BIN)/python -m hatchling build -t sdist
	@$(BIN)/twine check --strict dist/vmss_tui-*

installs: dist  ## install the wheel with uv and with pipx, each in a home of its own
	@.ci/installs $(BIN)/python

bundle: dist  ## build the archive for hosts without a network (PYTHON=python3.12 for another Python)
	@.ci/bundle/build $(PYTHON)

bundle-test: bundle  ## install the bundle in a network namespace without routes
	@.ci/bundle/try "$$(ls -t dist/vmss-tui-*.tar.gz | head -1)"

matrix: dist  ## install the wheel and run the pure tests with every supported Python of this host
	@.ci/matrix $(PURE)

clean:  ## remove what was built
	@rm -rf $(VENV) .venv-az tests/conformance/js/node_modules dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
