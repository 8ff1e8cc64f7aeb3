.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
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

.PHONY: run
run: install ## Serve on http://127.0.0.1:8889 (COZE_LOOP_FAAS_PORT changes it)
	@exec $(BIN)/faaspool serve

.PHONY: test
test: install $(VENV)/installed-dev ## Run the unit and conformance tests
	$(BIN)/python -m pytest

.PHONY: locks
locks: $(VENV)/installed-dev ## Pin the newest allowed versions of all Python packages, with hashes
	$(BIN)/uv pip compile $(COMPILE) pyproject.toml --output-file requirements/executor.lock
	$(BIN)/uv pip compile $(COMPILE) --extra dev pyproject.toml --output-file requirements/dev.lock
	$(BIN)/uv pip compile $(COMPILE) requirements/build.in --output-file requirements/build.lock

.PHONY: clean
clean: ## Remove what was installed and prepared
	rm -rf $(VENV) $${FAAS_WORKSPACE:-/tmp/faas-workspace}
