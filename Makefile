# Every target makes the environment first if it is missing or out of date.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
OUT ?= report

python := $(VENV)/bin/python
installed := $(VENV)/.installed

# The arrays are small: one thread is faster than two, and results repeat.
export OMP_NUM_THREADS ?= 1
# The published correlators, if they lie beside the checkout.
ifneq ($(wildcard ../shared/data/.),)
export HALKIT_DATA ?= $(abspath ../shared/data)
endif

.PHONY: help install reproduce full test lint format bench docs site clean
.DELETE_ON_ERROR:

help:  ## List the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(installed)  ## Make .venv with the tested versions

$(installed): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(python) -m pip install --quiet -c constraints.txt -e ".[plot,io,dask,test]"
	touch $@

reproduce: $(installed)  ## Fit the examples and write OUT/index.html (default: report)
	$(python) -m halkit reproduce --out $(OUT)

full: $(installed)  ## Run every example of the documents and write OUT/index.html
	$(python) -m halkit reproduce --full --out $(OUT)

test: $(installed)  ## Run the tests and doctests; `make docs` runs the examples
	$(python) -m pytest -n 2 --dist worksteal -m "not example"

lint: $(installed)  ## Check style, format and types
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	$(python) -m mypy

format: $(installed)  ## Format and fix what ruff can fix
	$(python) -m ruff check --fix .
	$(python) -m ruff format .

bench: $(installed)  ## Run the benchmarks
	$(python) -m pytest -o addopts=--import-mode=importlib -o "python_files=bench_*.py" -o "python_functions=bench_*" \
		--benchmark-only benchmarks

docs: $(installed)  ## Run the examples and write docs/_build/html/index.html
	$(python) -m pip install --quiet -c constraints.txt -e ".[docs]"
	MPLBACKEND=Agg $(python) -m sphinx -q -W --keep-going -b html docs docs/_build/html

site: $(installed)  ## Check the written documents: links, and each page in Chromium
	$(python) docs/check_site.py docs/_build/html

clean:  ## Remove what the targets above have written, but .venv
	rm -rf $(OUT) build dist docs/_build docs/auto_examples docs/reference \
		docs/sg_execution_times.rst \
		.pytest_cache .ruff_cache .mypy_cache .hypothesis .benchmarks
	find . -path ./$(VENV) -prune -o -name __pycache__ -prune -exec rm -rf {} +
