.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DENO := $(abspath $(BIN))/deno
COMPILE := --quiet --upgrade --generate-hashes --universal --python-version 3.11 --no-header --no-emit-index-url

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/installed: pyproject.toml requirements/executor.lock requirements/build.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements/build.lock --requirement requirements/executor.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements/dev.lock
	$(BIN)/pip install --quiet --require-hashes --requirement requirements/dev.lock
	@touch $@

.PHONY: install
install: $(VENV)/installed ## Install into .venv and prepare Python's memory image
	@$(BIN)/faaspool prepare

.PHONY: install-dev
install-dev: install $(VENV)/installed-dev ## The same, and what tests and checks need

.PHONY: run
run: install ## Serve on http://127.0.0.1:8889 (COZE_LOOP_FAAS_PORT changes it)
	@exec $(BIN)/faaspool serve

.PHONY: test
test: install $(VENV)/installed-dev ## Run all tests but those that need a container
	$(BIN)/python -m pytest

.PHONY: test-container
test-container: install-dev ## Build the image, start it with Compose, and run the conformance suite against it
	tests/e2e/container.sh

.PHONY: lint
lint: $(VENV)/installed-dev ## Check style and which way imports point
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-cache
	cd executor/deno && $(DENO) fmt --check --quiet && $(DENO) lint --quiet

.PHONY: types
types: $(VENV)/installed-dev executor/deno/vendor ## Check types: Python and the runner's TypeScript
	$(BIN)/mypy
	cd executor/deno && $(DENO) check --quiet --frozen --unstable-raw-imports src tests

.PHONY: test-deno
test-deno: $(VENV)/installed executor/deno/vendor ## Run the runner's own unit tests
	cd executor/deno && $(DENO) test --quiet --frozen --unstable-raw-imports tests

executor/deno/vendor: executor/deno/deno.lock $(VENV)/installed
	@$(BIN)/python -m faaspool_executor.sandbox.vendor executor/deno
	@touch $@

.PHONY: bench
bench: install $(VENV)/installed-dev ## Measure, and print one table (some minutes)
	$(BIN)/python -m tests.bench

.PHONY: image
image: ## Build the container image faaspool-executor
	docker build --file executor/Dockerfile --tag faaspool-executor .

.PHONY: docs
docs: install $(VENV)/installed-dev ## Write the generated parts of docs/ anew
	$(BIN)/python -m faaspool_executor.reference settings > docs/settings.md
	$(BIN)/python -m faaspool_executor.reference metrics > docs/metrics.md

.PHONY: locks
locks: $(VENV)/installed-dev ## Pin the newest allowed versions of all Python packages, with hashes
	$(BIN)/uv pip compile $(COMPILE) pyproject.toml --output-file requirements/executor.lock
	$(BIN)/uv pip compile $(COMPILE) --extra dev pyproject.toml --output-file requirements/dev.lock
	$(BIN)/uv pip compile $(COMPILE) requirements/build.in --output-file requirements/build.lock

.PHONY: clean
clean: ## Remove what was installed and prepared
	rm -rf executor/deno/node_modules executor/deno/vendor $(VENV) $${FAAS_WORKSPACE:-/tmp/faas-workspace}
