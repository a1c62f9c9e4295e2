# Two commands on a machine that has python3 and make: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.PHONY: help setup run tour test check bench fuzz clients lock clean format

help: ## Say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.run ## Make .venv with the tool, its server and the tour's client; nothing else

$(VENV)/.run: requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "assay needs Python 3.11 or newer; set PYTHON=python3.x")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "on Debian: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

run: setup ## Start a server here (port 8470), tell the story, keep serving until Ctrl-C
	@ASSAY_HOME=$${ASSAY_HOME:-.assay} exec $(BIN)/assay tour --keep

tour: setup ## Set-up, the story, an exit code; nothing left behind
	@$(BIN)/assay tour

test: $(VENV)/.dev ## The whole test suite
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

check: $(VENV)/.dev ## Format, lint, types, layers, house rules, licences
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/house_lint.py
	$(BIN)/python tools/licences.py

format: $(VENV)/.dev ## Format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## The benchmarks, as ratios with absolutes beside them
	$(BIN)/python bench/run.py

fuzz: $(VENV)/.dev ## The longer forms of the differential and crash tests
	$(BIN)/python tests/fuzz/run.py

clients: setup ## One environment per real client, under .clients
	$(BIN)/python tools/clients.py

lock: $(VENV)/.dev ## Compile requirements/*.in: hashes, no index addresses
	$(BIN)/python tools/lock.py

clean: ## Remove what was built; keeps .assay
	rm -rf $(VENV) .clients .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
