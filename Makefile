# `make help` lists the commands. PYTHON=python3.12 chooses the Python of .venv; PORT and
# PUBLISHER_HOME are honoured by `make run`; T=tests/features narrows `make test`, which runs JOBS=2 processes
# at once.
PYTHON ?= $(if $(wildcard .venv/bin/python),.venv/bin/python,python3)
BIN := .venv/bin
JOBS ?= 2
T ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test check fmt lint types architecture faults simulate mutants storm claims bench bench-quick screenshots wheel lock audit fuzz translations clean

help: ## Show these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make everything ready: .venv, locked packages, front end, translations
	@$(PYTHON) scripts/setup.py

setup-dev: # … and what the tests need
	@$(PYTHON) scripts/setup.py --dev

run: setup ## Start everything on this machine with demo accounts; Ctrl-C stops it
	@exec $(BIN)/publisher up --demo

test: setup-dev ## Run all tests, browser and PostgreSQL included (T=path for some)
	@$(BIN)/python scripts/system_packages.py
	@$(BIN)/pytest -n $(JOBS) --dist worksteal $(T)

check: setup-dev lint types architecture test ## What CI runs: format, lint, types, architecture, tests

fmt: setup-dev ## Format the code and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: setup-dev ## Check format and lint
	@echo "Checking format and lint …"
	@$(BIN)/ruff format --check --quiet . || { echo "Run: make fmt"; exit 1; }
	@$(BIN)/ruff check . || { echo "Run: make fmt; mend the rest by hand"; exit 1; }

types: setup-dev ## Check types
	@echo "Checking types …"
	@$(BIN)/mypy

architecture: setup-dev ## Check who imports whom, sizes and templates
	@echo "Checking the architecture …"
	@$(BIN)/pytest -q tests/test_architecture.py

simulate: setup-dev ## Try thousands of simulated runs, one a second, of people, faults and time (RUNS=5000 SEED=1)
	@RUNS=$(or $(RUNS),5000) $(BIN)/pytest -q tests/simulation $(if $(SEED),--hypothesis-seed=$(SEED))

faults: setup-dev ## Kill processes at every crash point, with every network outcome, on both databases
	@$(BIN)/python scripts/system_packages.py
	@$(BIN)/python -m tests.faults --database $(or $(DATABASE),both)

storm: setup-dev ## Break everything while posts go out (SEED=1 POSTS=3000 DATABASE=postgresql)
	@$(BIN)/python scripts/system_packages.py
	@$(BIN)/python -m tests.faults.storm $(if $(SEED),--seed $(SEED)) --posts $(or $(POSTS),3000) $(if $(DATABASE),--database $(DATABASE))

claims: setup-dev ## Let 8 workers and 2 dispatchers quarrel about POSTS=100000 posts on PostgreSQL
	@$(BIN)/python scripts/system_packages.py
	@$(BIN)/python -m tests.faults.claims --posts $(or $(POSTS),100000)

mutants: setup-dev ## Take away each guard of delivery and see a test notice (W=word: those with it)
	@$(BIN)/python -m tests.mutants $(W)

bench: setup-dev ## Measure every figure the README claims; a JSON line each
	@$(BIN)/python -m bench

bench-quick: setup-dev ## See that each figure can still be measured, on small numbers, in a few minutes (F=name)
	@$(BIN)/python scripts/system_packages.py
	@$(BIN)/python -m bench --quick $(F)

screenshots: setup-dev ## Photograph every page of a demonstration (README=1: only those of docs/images)
	@$(BIN)/python -m scripts.screenshots $(if $(README),--readme)

wheel: setup-dev ## Build dist/publisher-*.whl with front end, translations and migrations inside
	@echo "Building the wheel …"
	@$(BIN)/python -m build --quiet --wheel --no-isolation . && ls dist/*.whl

lock: setup-dev ## Write the lock files anew (UPGRADE=1: with the newest versions)
	@$(BIN)/python scripts/lock.py $(if $(UPGRADE),--upgrade)

audit: setup-dev ## Ask the advisory services about the locked packages (STRICT=1: fail where they are silent)
	@$(BIN)/python scripts/audit.py $(if $(STRICT),--strict)

fuzz: setup-dev ## Send the API more, and other, nonsense than the tests do (FUZZ=how much)
	@FUZZ=$(or $(FUZZ),300) $(BIN)/pytest -q --timeout 3600 tests/security/test_fuzz_api.py

translations: setup-dev ## Collect texts into translations/, keep what is translated, compile
	@$(BIN)/python scripts/translations.py

clean: ## Remove everything that was made here; installations' homes stay
	rm -rf .venv .venv-subscriber node_modules publisher/static/dist build dist *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find translations -name '*.mo' -delete
