# What a newcomer needs: `make run` and `make test`. Each does all its own set-up.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
BASE ?= main
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: help setup run test test-busy check soak lint format bench image lock clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## Make .venv from the lock file, hashes checked

$(STAMP): requirements-dev.lock pyproject.toml
	@echo "Setting up .venv from the lock file, once; this takes a minute …"
	@sh scripts/make-venv $(PYTHON)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --only-binary :all: --require-hashes --requirement requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --no-deps --no-build-isolation --editable .
	@touch $@

run: setup ## Watch two small real test environments break and heal; Ctrl-C ends it
	@exec $(BIN)/driftvakt demo

test: setup ## The whole test suite; the slowest tests are named at its end
	@sh scripts/system-packages
	@PATH="$$PATH:/usr/sbin:/sbin" $(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --durations 15

test-busy: setup ## The same with two busy processes beside it: no test may fail by luck
	@sh scripts/busy $(MAKE) --no-print-directory test

check: lint ## lint, and the tests of what has changed since BASE (main): within a minute
	@$(BIN)/python scripts/changed-tests $(BASE)

soak: setup ## The long tests: soaks, fuzzing, and what a clock measures on a machine at rest
	@sh scripts/system-packages buildah debootstrap
	@PATH="$$PATH:/usr/sbin:/sbin" $(BIN)/python -m pytest -m slow --timeout 3600

lint: setup ## ruff, strict types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## Let ruff format and mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## CPU per probe beside the blackbox exporter, lateness, error, memory
	@sh scripts/system-packages
	@PATH="$$PATH:/usr/sbin:/sbin" $(BIN)/python -m tests.benchmarks $(ARGS)

image: setup ## Build the Dockerfile, with buildah where there is no engine: IMAGE names it
	@PATH="$$PATH:/usr/sbin:/sbin" sh scripts/image

lock: setup ## Renew the lock files from pyproject.toml
	sh scripts/lock

clean: ## Remove .venv and caches
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist build
