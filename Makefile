# Two commands do everything, set-up included, and touch nothing outside this folder:
#   make demo   a real campaign on measured alloys, against random search, with an HTML report
#   make test   ruff, mypy --strict, the documentation site and the test suite; SLOW=1 adds its slow tests
# A virtual environment is built in .venv the first time; later runs start at once and need no network.

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --disable-pip-version-check -qq
TORCH := $(shell sed -n 's/^\(torch==[^ ;]*\).*/\1/p' constraints.txt)
# One more than two cores: many tests wait for processes, sockets and a browser.
WORKERS ?= 3
PYTEST_ARGS ?=
# Slow tests are run by CI, and where SLOW is set.
SLOW ?= $(CI)
CHOSEN := $(if $(SLOW),,-m "not slow")

# Many small linear systems on one thread each are faster than one on many, and leave the other cores to others.
export OMP_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1
# The tests start hundreds of processes: each module is compiled once for all of them.
unexport PYTHONDONTWRITEBYTECODE

DEMO_READY := $(VENV)/.ready-demo
TEST_READY := $(VENV)/.ready-test
# An environment made for the tests holds all that the demo needs.
RUN_READY := $(if $(wildcard $(TEST_READY)),$(TEST_READY),$(DEMO_READY))

.PHONY: help demo test test-all wheel-check lint types docs pytest format constraints clean

help:
	@sed -n '1,4s/^# \{0,1\}//p' Makefile
	@echo "Smaller: make lint | types | docs | pytest | format | constraints | clean"
	@echo "Before a release: make test-all (every Python) | wheel-check (installs the wheel elsewhere, runs the demo)"

demo: $(RUN_READY)
	@$(PY) campaigns/demo.py

test: lint types docs pytest

lint: $(TEST_READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: $(TEST_READY)
	$(PY) -m mypy

# The site in build/site, without network; every warning is an error.
docs: $(TEST_READY)
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --quiet --clean --strict

# Last in `make test`, so that a run ends with pytest's own summary.
pytest: $(TEST_READY)
	$(PY) -m pytest -n $(WORKERS) --dist worksteal $(CHOSEN) $(PYTEST_ARGS)

# The tests on the other Python versions, each in an environment of its own (.venv-3.12, .venv-3.13).
OTHER_PYTHONS ?= 3.12 3.13
test-all: test $(OTHER_PYTHONS:%=pytest-on-%)

pytest-on-%:
	+@$(MAKE) VENV=.venv-$* PYTHON="python$* $(wildcard $(HOME)/.pyenv/versions/$*.*/bin/python)" pytest

wheel-check: $(TEST_READY)
	.ci/wheel-check $(PY)

format: $(TEST_READY)
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# Write down the versions of what is installed now (after changing a dependency on purpose).
constraints: $(TEST_READY)
	$(PY) .ci/constraints.py > constraints.new
	mv constraints.new constraints.txt
	touch $(TEST_READY)

clean:
	rm -rf $(VENV) .venv-* build dist demo .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(DEMO_READY): EXTRAS := datasets
$(TEST_READY): EXTRAS := test

$(DEMO_READY) $(TEST_READY): pyproject.toml constraints.txt
	@.ci/venv $(VENV)
	@echo "Installing $(TORCH) (the largest part; once)"
	@$(PIP) "$(TORCH)"
	@echo "Installing designer[$(EXTRAS)] in its tested versions"
	@$(PIP) -c constraints.txt -e ".[$(EXTRAS)]"
	@touch $@
