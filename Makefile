# Everything that this repository can do by itself. `make` alone lists it.
#
# PYTHON=python3.12  which Python makes the environment (3.11 or newer; the first found otherwise)
# VENV=.venv         where the environment stands
# ARGS=...           more words for pytest, for the demo or for a benchmark
# SEEDS=10000         with `make soak`: so many seeds of the simulation
# UPGRADE=--upgrade  with `make lock`: take the latest versions

VENV ?= .venv
UV ?= uv
ARGS ?=
UPGRADE ?=
SEEDS ?=

BIN := $(VENV)/bin
BASE := $(VENV)/stamp-base
DEV := $(VENV)/stamp-dev
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq --no-input
LOCKED := --require-hashes --only-binary :all:
SOAKS := $(wildcard benchmarks/soak*.py)
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate $(UPGRADE) --group build

.PHONY: help demo demo-one test check docs commands bench soak lock clean
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help:
	@echo 'make demo      install accord and show four partners at work: four nodes on this machine'
	@echo 'make demo-one  the same operators on one node: who is exposed to what'
	@echo 'make test      every test, with what they need'
	@echo 'make check     style, types, the direction of imports, and the docs'
	@echo 'make docs      the documentation as pages in site/'
	@echo 'make commands  write docs/commands.md anew from the commands themselves'
	@echo 'make bench     how fast it is on this machine'
	@echo 'make soak      how it does over hours'
	@echo 'make lock      pin the dependencies anew, with hashes (needs uv)'
	@echo 'make clean     remove what make has made'

demo: $(BASE)
	@$(BIN)/accord demo $(ARGS)

demo-one: $(BASE)
	@$(BIN)/accord demo-one $(ARGS)

test: $(DEV)
	@scripts/tools
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

check: $(DEV)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -q tests/docs

docs: $(DEV)
	@$(BIN)/mkdocs build --quiet --strict --site-dir site
	@echo 'The documentation is in site/index.html'

commands: $(DEV)
	@$(BIN)/python scripts/commands.py > $(VENV)/commands.md
	@mv $(VENV)/commands.md docs/commands.md

bench: $(DEV)
	@scripts/each $(BIN)/python '$(ARGS)' $(filter-out $(SOAKS) benchmarks/_%,$(wildcard benchmarks/*.py))

soak: $(DEV)
	@scripts/each $(BIN)/python '$(ARGS)' $(SOAKS)

lock:
	@command -v $(UV) >/dev/null || { echo 'make lock needs uv: install it, or name it with UV=/path/to/uv' >&2; exit 1; }
	@$(COMPILE) --group dev pyproject.toml -o requirements/dev.txt >/dev/null
	@$(COMPILE) --constraints requirements/dev.txt pyproject.toml -o requirements/base.txt >/dev/null

clean:
	rm -rf $(VENV) .ci-venv site build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache
	find src tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# The package is installed after its dependencies, from this folder, by the locked build tools:
# pip asks nobody for anything that has no hash in the lock.
$(BASE): requirements/base.txt pyproject.toml
	@scripts/venv $(VENV) $(PYTHON)
	@$(PIP) $(LOCKED) -r requirements/base.txt
	@$(PIP) --no-index --no-deps --no-build-isolation --editable .
	@touch $@

# One oracle's dependency (cpe) is published as source only: it is built by the locked setuptools.
$(DEV): requirements/dev.txt pyproject.toml $(BASE)
	@echo 'accord: installing what the tests need'
	@$(PIP) $(LOCKED) --no-binary cpe --no-build-isolation -r requirements/dev.txt
	@touch $@
