# Sømløs. `make` alone says what there is. A bare Debian with python3 and make is enough to start.

PYTHON ?= python3
# What `make demo` hands to `somlos demo`, and what `make test` hands to pytest.
ARGS ?=

# The folder of the official examples and schemas, which are no part of the project.
STANDARDS := $(or $(SOMLOS_STANDARDS),../shared)

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check --progress-bar off
FROM_LOCK := $(PIP_INSTALL) --require-hashes --only-binary :all:
APT_INSTALL := apt-get install --yes --no-install-recommends

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test chaos check quarter fidelity fuzz format screenshots lock clean

help: ## Say what there is
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: $(VENV)/ready ## Run the story, then the console (ARGS=--exit ends after the story)
	@$(BIN)/somlos demo $(ARGS)

test: $(VENV)/ready-dev $(VENV)/browser-asked ## Run the tests (ARGS="-k name" to choose)
	@$(BIN)/python -m pytest --numprocesses auto --dist worksteal $(ARGS)

chaos: $(VENV)/ready-dev ## Kill the gateway 300 times and prove that nothing is lost (ARGS="--seed N --postgres --operator")
	@$(BIN)/python -m tests.chaos.run $(ARGS)

check: $(VENV)/ready-dev ## Format, lint and types: changes nothing
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

quarter: $(VENV)/ready-dev ## Load a simulated quarter of 6,000 stays and hold every measure against its truth (ARGS="--stays N")
	@$(BIN)/python -m tests.support.full_quarter $(ARGS)

fidelity: $(VENV)/ready ## Say how much of each message type stands in native elements of FHIR
	@$(BIN)/python -m gateway.bench.fidelity $(if $(ARGS),$(ARGS),"$(STANDARDS)/standards/examples/v1.6")

fuzz: $(VENV)/ready-dev ## Hand 100,000 broken inputs to every room (ARGS="--inputs N --seed S")
	@$(BIN)/python -m tests.support.fuzz $(ARGS)

format: $(VENV)/ready-dev ## Write the format and mend what the linter can
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

screenshots: $(VENV)/ready-dev $(VENV)/browser-asked ## Pictures of every page of the console, into var/screenshots
	@$(BIN)/python -m tests.browser.screenshots

clean: ## Remove everything that make and the tests made
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- The environment. Each file in .venv says that one step is done; a second run does nothing.

$(VENV)/ready: requirements.txt requirements-build.txt pyproject.toml | $(BIN)/python
	@echo "Installing Sømløs in $(VENV) (less than a minute) …"
	@$(FROM_LOCK) -r requirements.txt -r requirements-build.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/ready-dev: requirements-dev.txt $(VENV)/ready
	@echo "Installing the tools of the tests in $(VENV) …"
	@$(FROM_LOCK) -r requirements-dev.txt
	@touch $@

# Debian's python3 comes without venv: as root we install it, anyone else is told the one command.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Sømløs needs Python 3.11 or later; PYTHON=… chooses another than $(PYTHON)."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "This python3 has no venv: installing python3-venv …"; \
	    export DEBIAN_FRONTEND=noninteractive; \
	    $(APT_INSTALL) python3-venv >/dev/null 2>&1 \
	      || { apt-get update >/dev/null && $(APT_INSTALL) python3-venv >/dev/null; }; \
	  else \
	    echo "This python3 has no venv. Run this as root, then make again:"; \
	    echo "  $(APT_INSTALL) python3-venv"; \
	    exit 1; \
	  fi; }
	@$(PYTHON) -m venv --clear $(VENV)

# The browser tests use Debian's chromium. Without it they skip and say why.
$(VENV)/browser-asked: | $(BIN)/python
	@command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing chromium for the browser tests …"; \
	    export DEBIAN_FRONTEND=noninteractive; \
	    $(APT_INSTALL) chromium fonts-liberation >/dev/null 2>&1 \
	      || { apt-get update >/dev/null && $(APT_INSTALL) chromium fonts-liberation >/dev/null; } \
	      || echo "chromium could not be installed: the browser tests will skip."; \
	  fi; }
	@touch $@

# --- The lock files: made from the public index alone, with hashes and without any address.

LOCKED := requirements.txt requirements-postgres.txt requirements-build.txt requirements-dev.txt
LOCK_TOOLS := $(VENV)/lock/bin
PUBLIC := env -u PIP_INDEX_URL -u PIP_EXTRA_INDEX_URL -u PIP_FIND_LINKS PIP_CONFIG_FILE=/dev/null
COMPILE := $(PUBLIC) $(LOCK_TOOLS)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
  --no-header --no-annotate --no-emit-options

lock: ## Write the lock files anew, with the oldest Python we support (UPGRADE=--upgrade for the newest)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:3] > (3, 11, 2))' \
	  || { echo "The lock must suit the oldest Python: make lock PYTHON=/usr/bin/python3 on Debian 12."; exit 1; }
	@test -x $(LOCK_TOOLS)/pip-compile || { $(PYTHON) -m venv $(VENV)/lock && $(LOCK_TOOLS)/pip install --quiet pip-tools; }
	@$(COMPILE) $(UPGRADE) --output-file requirements.txt pyproject.toml
	@$(COMPILE) $(UPGRADE) --extra postgres --constraint requirements.txt \
	  --output-file requirements-postgres.txt pyproject.toml
	@$(COMPILE) $(UPGRADE) --output-file requirements-build.txt requirements-build.in
	@$(COMPILE) $(UPGRADE) --extra postgres --constraint requirements-postgres.txt --constraint requirements-build.txt \
	  --output-file requirements-dev.txt pyproject.toml requirements-dev.in
	@sed -i '1i # Made by `make lock`; do not edit.' $(LOCKED)
	@! grep -n '://' $(LOCKED)
