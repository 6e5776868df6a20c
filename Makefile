# Targets for users: bench, test. For maintainers: check, test-slow, test-browser. `make help` lists them.
SUITE ?= digits_small
VENV := .venv
PYTHON ?= python3
BENCH := $(VENV)/bin/bench
STAMP := $(VENV)/.installed-$(shell cat pyproject.toml constraints.txt | cksum | tr -d ' ')

export GOMP_SPINCOUNT ?= 0

.DEFAULT_GOAL := help
.PHONY: help setup bench test test-slow test-browser test-gate check perf regress

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## The environment in .venv/; the other targets call it by themselves

$(STAMP): pyproject.toml constraints.txt
	@rm -f $(VENV)/.installed-*
	@if command -v uv >/dev/null 2>&1; then \
	  ([ -x $(VENV)/bin/python ] || uv venv --quiet --python $(PYTHON) $(VENV)) && \
	  uv pip install --python $(VENV)/bin/python -c constraints.txt -e '.[dev,peft,stats]'; \
	else \
	  ([ -x $(VENV)/bin/pip ] || $(PYTHON) -m venv $(VENV)) && \
	  $(VENV)/bin/python -m pip install --progress-bar off --quiet -c constraints.txt -e '.[dev,peft,stats]'; \
	fi
	@touch $@

bench: $(STAMP) ## Run a suite: SUITE=digits_small [DATA_DIR=] [WEIGHTS_DIR=] [ARGS="--filter method=linear_probe"]
	@$(BENCH) run $(SUITE) $(if $(DATA_DIR),--data-dir "$(DATA_DIR)") $(if $(WEIGHTS_DIR),--weights-dir "$(WEIGHTS_DIR)") $(ARGS)

test: $(STAMP) ## The fast tests, under five minutes on two cores
	@$(VENV)/bin/python -m pytest -q -n auto --dist worksteal -m "not slow and not browser" $(ARGS)

test-slow: $(STAMP) ## The slow tests: whole suites, all families of networks
	@$(VENV)/bin/python -m pytest -q -n auto --dist worksteal -m "slow and not gate" $(ARGS)

test-gate: $(STAMP) ## The regression gate itself: the same passes, a tenth more time fails; under ten minutes, on an idle machine
	@$(VENV)/bin/python -m pytest -q -m gate $(ARGS)

test-browser: $(STAMP) ## The page of a report in Chromium, where there is one; else they say that they are skipped
	@$(VENV)/bin/python -m pytest -q -rs -m browser $(ARGS)

perf: $(STAMP) ## Speed against how it is usually done: [DATA_DIR=] [WEIGHTS_DIR=] [ARGS="--only prefix --quick"]
	@$(VENV)/bin/python -m tests.tools.perf $(if $(DATA_DIR),--data-dir "$(DATA_DIR)") $(if $(WEIGHTS_DIR),--weights-dir "$(WEIGHTS_DIR)") $(ARGS)

regress: $(STAMP) ## Has the harness become slower, larger or worse than BASE=<git ref>? [ARGS="--only probe_fit"]
	@$(BENCH) duel throughput $(if $(BASE),--base "$(BASE)") $(ARGS)

check: $(STAMP) ## Style and types: ruff and mypy --strict
	@$(VENV)/bin/ruff format --check -q bench tests
	@$(VENV)/bin/ruff check -q bench tests
	@$(VENV)/bin/mypy
