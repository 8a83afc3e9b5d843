# The commands of the project. `make demo` and `make test` set up what they need.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.redwell-ready
PACKAGES := records store ingest process index review produce

.PHONY: help setup demo test lint format bench docs docs-check wheel-check lock clean

help:  ## Show the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

setup: $(STAMP)  ## Install system packages (where allowed) and the virtual environment
	@$(BIN)/redwell doctor --brief

$(STAMP): requirements.lock pyproject.toml .ci/system-packages
	.ci/system-packages
	python=$$(.ci/find-python) && "$$python" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	if ! command -v java >/dev/null 2>&1; then \
	    $(BIN)/python -m pip install --quiet --require-hashes -r requirements-java.lock; fi
	touch $(STAMP)

demo: setup  ## Run the whole job on samples/, from folder to checked production
	$(BIN)/python samples/demo.py

test: setup  ## Run all tests
	$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist worksteal

lint: setup  ## Types and style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup  ## Rewrite the code in the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup  ## Measure; see bench/README.md
	if [ -d ../shared/corpus ]; then \
	    $(BIN)/python -m bench.enron --corpus ../shared/corpus && \
	    $(BIN)/python -m bench.mixed --corpus ../shared/corpus; fi
	$(BIN)/python -m bench.kill_stages --kills 4

docs: setup  ## Write the generated pages
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/reviewers_hour.py

docs-check: setup  ## Fail if a generated page is stale
	$(BIN)/python docs/generate.py --check
	$(BIN)/python docs/reviewers_hour.py --check

wheel-check: setup  ## Build the wheel, install it bare in a fresh environment, run one sample
	.ci/wheel-check

lock:  ## Choose new pinned versions, on purpose
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --generate-hashes --python-version 3.12 --group dev pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --python-version 3.12 --extra java pyproject.toml -o requirements-java.lock

clean:  ## Remove what the commands made
	rm -rf $(VENV) build dist demo-case *.egg-info .mypy_cache .ruff_cache .pytest_cache
