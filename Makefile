.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

.PHONY: install
install: $(VENV)/installed ## Install into .venv and prepare Python's memory image
	@$(BIN)/faaspool prepare

.PHONY: run
run: install ## Serve on http://127.0.0.1:8889 (COZE_LOOP_FAAS_PORT changes it)
	@exec $(BIN)/faaspool serve

.PHONY: test
test: install ## Run the unit and conformance tests
	$(BIN)/python -m pytest

.PHONY: clean
clean: ## Remove what was installed and prepared
	rm -rf $(VENV) $${FAAS_WORKSPACE:-/tmp/faas-workspace}
