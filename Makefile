# `make demo` and `make test` on a machine with nothing but Python >= 3.11: set-up and main job, set-up and tests.
PYTHON ?= python3
STEMS ?=
BIN := .venv/bin

.PHONY: demo test check docs clean

demo: .venv/ready
	$(BIN)/wetdry demo demo $(if $(STEMS),--stems "$(STEMS)")

test: .venv/ready-dev
	$(BIN)/python -m pytest -q -n auto

check: .venv/ready-dev
	scripts/check

docs: .venv/ready-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "wetdry needs Python >= 3.11; say which with make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

.venv/ready-dev: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

.venv/ready-docs: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	touch $@

clean:
	rm -rf .venv demo site .types .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
