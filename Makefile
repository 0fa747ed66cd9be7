# Everything sets itself up: a machine needs only Python 3.11 or later and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo run test check bench chaos fuzz docs clean

demo: $(READY)
	$(BIN)/keepwell demo

test: $(READY) system
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

docs: $(READY)
	$(BIN)/python docs/generate.py
	$(BIN)/sphinx-build -W -q -b html docs docs/_build/html

bench: $(READY)
	$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

chaos: $(READY)
	$(BIN)/python -m pytest -q tests/chaos --chaos-rounds 50

fuzz: $(READY)
	$(BIN)/python -m pytest -q tests/fuzz --fuzz-files 20000

.PHONY: system
system:
	@PYTHON=$(PYTHON) sh tests/system.sh

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[spark,pandas,polars,postgres,mysql]' --group dev
	touch $@

clean:
	rm -rf $(VENV) docs/_build .mypy_cache .ruff_cache .pytest_cache
