# Everything sets itself up from Python 3.11 with pip and venv; nothing else is needed.
# The distribution's Python where there is one that will do: it is built with optimisations, which
# others often are not (pyenv's are not), and takes a tenth to a fifth less CPU for everything.
PYTHON ?= $(shell /usr/bin/python3 -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' \
	2>/dev/null && echo /usr/bin/python3 || echo python3)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Most tests wait more than they compute: twice as many workers as processors.
WORKERS ?= $(shell echo $$((2 * $$(nproc 2>/dev/null || echo 2))))

# Tests start many processes: each of them compiles nothing again, and leaves nothing in the tree.
test quick lowest coverage test-browser test-data: export PYTHONDONTWRITEBYTECODE :=
test quick lowest coverage test-browser test-data: export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/compiled

.PHONY: demo test quick check bench attack year audit docs lowest coverage test-browser test-data lock clean

demo: $(VENV)/.run
	$(BIN)/jitledger demo $(DEMO)

test: $(VENV)/.dev
	@echo "Left out here: browser tests (make test-browser), real sales data (make test-data)."
	$(BIN)/python -m pytest -n $$((3 * $(WORKERS) / 2)) -rs -m "not browser and not data"

# What can be asked again and again while working: SQLite, nothing that takes seconds.
quick: $(VENV)/.dev
	HYPOTHESIS_PROFILE=quick $(BIN)/python -m pytest -n $(WORKERS) \
		-m "not browser and not data and not slow" -k "not postgres"

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python .ci/gate.py
	@if [ -x $(BIN)/hadolint ]; then $(BIN)/hadolint docker/Dockerfile; \
	else echo "Left out here: hadolint has no build for this machine."; fi

# Every way that was found to lose, block or mislead, tried again; whole, which takes a while.
attack: $(VENV)/.dev
	$(BIN)/python -m tests.simulation.attack --scale $(or $(SCALE),10)

# A year of a shop that follows its own advice; every sentence is compared with other books.
year: $(VENV)/.dev
	$(BIN)/python -m tests.simulation.year --seed $(or $(SEED),1)

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/run_all.py

test-browser: $(VENV)/.dev
	$(BIN)/python -m pytest -rs -m browser

test-data: $(VENV)/.dev
	$(BIN)/python -m pytest -rs -m data

docs: $(VENV)/.docs
	$(BIN)/python .ci/gallery.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "The site is in build/docs."

$(VENV)/.docs: $(VENV)/.run requirements-docs.lock
	@echo "Installing what the site is made with ..."
	$(PIP) install --require-hashes -r requirements-docs.lock
	@touch $@

# The programs that need their libraries only.
$(VENV)/.run: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what jitledger needs ..."
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@echo "Installing what its tests need ..."
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

# The quick tests with the lowest versions that pyproject.toml allows, and on each Python that is here.
lowest: $(VENV)/.dev
	@for python in 3.11 3.12 3.13; do \
	  found=$$(for it in python$$python $$HOME/.pyenv/versions/$$python*/bin/python; do \
	    $$it --version >/dev/null 2>&1 && command -v $$it && break; done); \
	  if [ -n "$$found" ]; then \
	    $(BIN)/uv venv --quiet --clear --python $$found $(VENV)-lowest && \
	    VIRTUAL_ENV=$(VENV)-lowest $(BIN)/uv pip install --quiet --resolution lowest-direct \
	      -e '.[all]' --group dev && \
	    echo "Python $$python, lowest versions:" && \
	    HYPOTHESIS_PROFILE=quick $(VENV)-lowest/bin/python -m pytest -n $(WORKERS) \
	      -m "not browser and not data and not slow" -k "not postgres" || exit 1; \
	  else echo "Left out here: there is no Python $$python."; fi; done

coverage: $(VENV)/.dev
	HYPOTHESIS_PROFILE=quick $(BIN)/python -m pytest -n $(WORKERS) \
		-m "not browser and not data and not slow" -k "not postgres" \
		--cov=src --cov=bot --cov=projections --cov-report=
	$(BIN)/python -m coverage report --skip-covered --sort=cover | \
		sed -n '1,20p;/^TOTAL/p'

LOCK = $(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-emit-index-url
# make lock UPGRADE=--upgrade takes the newest versions; without it what is pinned stays.
lock: $(VENV)/.dev
	$(LOCK) $(UPGRADE) --all-extras -o requirements.lock
	$(LOCK) $(UPGRADE) --all-extras --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) $(UPGRADE) --all-extras --group docs -c requirements.lock -o requirements-docs.lock
	sed -n 's/^requires = \["\(.*\)"\]$$/\1/p' pyproject.toml | $(BIN)/uv pip compile - --universal \
	  --generate-hashes --no-header --no-emit-index-url $(UPGRADE) -o requirements-build.lock

# What is known of the pinned versions' weaknesses; where no database of them can be reached it says so.
audit: $(VENV)/.dev
	$(BIN)/python .ci/audit.py requirements.lock requirements-build.lock

clean:
	rm -rf $(VENV) $(VENV)-lowest dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
