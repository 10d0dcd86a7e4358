# `make demo` and `make test` each do all that they need, in a virtual environment of their own.
# PYTHON=/path/to/python says which Python to use, VENV=folder where the environment goes.

VENV ?= .venv
bin := $(VENV)/bin
pip := $(bin)/python -m pip --quiet --disable-pip-version-check

# Further Pythons to measure on, each with danac installed; and --resume, to go on with a run that was broken off.
BENCH_PYTHONS ?=
BENCH_OPTIONS ?=

# In how many processes the tests run; 0 is this one.
TEST_WORKERS ?= 2
in_workers = -n $(TEST_WORKERS) --dist worksteal

# How long `make soak` goes on.
SOAK_SECONDS ?= 60

# What is installed is written down in stamp files, so that a second run installs nothing.
installed := $(VENV)/.installed
installed_test := $(VENV)/.installed-test
installed_dev := $(VENV)/.installed-dev

# The race has an environment of its own, with all the competitors that can be had.
BENCH_VENV ?= .venvs/bench
bench_bin := $(BENCH_VENV)/bin
installed_bench := $(BENCH_VENV)/.installed-bench

# The site of the documentation has one, too.
DOCS_VENV ?= .venvs/docs
docs_bin := $(DOCS_VENV)/bin
installed_docs := $(DOCS_VENV)/.installed-docs
mkdocs := NO_MKDOCS_2_WARNING=1 $(docs_bin)/python -m mkdocs

.PHONY: help demo docs docs-serve test lint format pytest bench bench-quick bench-reference bench-language bench-blocks soak clean
.DEFAULT_GOAL := help

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(installed) ## compile and run examples/flights on its real data
	$(bin)/danac run examples/flights/flights.dana

test: lint ## lint, check the types, run all tests and measure their coverage
	$(bin)/python -m pytest $(in_workers) --cov

lint: $(installed_dev) ## ruff's rules and format, and mypy --strict
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/mypy

format: $(installed_dev) ## let ruff mend what it can
	$(bin)/ruff check --fix
	$(bin)/ruff format

pytest: $(installed_test) ## only the tests, without lint or coverage
	$(bin)/python -m pytest $(in_workers)

docs: $(installed_docs) ## build the documentation as a site, into site/
	$(mkdocs) build --strict --quiet
	@echo "site/index.html is the first page"

docs-serve: $(installed_docs) ## show the site on this machine, and build it anew whenever a page changes
	$(mkdocs) serve

bench: bench-danac ## measure everything, in less than 20 minutes; benchmarks/README.md shows the results
	$(bench_bin)/python -m benchmarks $(addprefix --python ,$(BENCH_PYTHONS)) $(BENCH_OPTIONS)

bench-quick: bench-danac ## race in two minutes and print how the goals are met
	$(bench_bin)/python -m benchmarks.race --quick

bench-reference: ## install the reference interpreter, for make bench to race against
	benchmarks/reference/install.sh .venvs/reference

bench-language: bench-danac ## measure compiled Dana against Python; benchmarks/README.md shows the result
	$(bench_bin)/python -m benchmarks.language $(addprefix --python ,$(BENCH_PYTHONS))

bench-blocks: bench-danac ## measure parallel blocks against Python's own threads
	$(bench_bin)/python -m benchmarks.blocks $(addprefix --python ,$(BENCH_PYTHONS))

# What is raced is danac as users have it: installed, and not in a checkout that it watches for changes.
.PHONY: bench-danac
bench-danac: $(installed_bench)
	@$(bench_bin)/python -m pip --quiet --disable-pip-version-check install --force-reinstall --no-deps \
	    --no-build-isolation .

soak: $(installed_test) ## run random blocks for SOAK_SECONDS, and count what is left over
	$(bin)/python -m tests.soak --seconds $(SOAK_SECONDS)

clean: ## remove the environments and all that the tools left behind
	rm -rf .venv .venvs dist build site htmlcov .coverage .coverage.* .benchmarks .hypothesis
	rm -rf .mypy_cache .pytest_cache .ruff_cache examples/ahead_of_time/build
	find compiler runtime tests examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(installed): pyproject.toml | $(bin)/python
	$(pip) install --editable .
	@touch $@

$(installed_test): pyproject.toml | $(bin)/python
	$(pip) install --editable '.[test]'
	@touch $(installed) $@

$(installed_dev): pyproject.toml | $(bin)/python
	$(pip) install --editable '.[dev]'
	@touch $(installed) $(installed_test) $@

# A competitor that cannot be installed here is skipped, and the results say so. Newer pips write scripts that
# start faster; an old one will do.
$(installed_bench): pyproject.toml benchmarks/competitors.txt
	@$(MAKE) --no-print-directory VENV=$(BENCH_VENV) $(bench_bin)/python
	-@$(bench_bin)/python -m pip --quiet --disable-pip-version-check install --upgrade 'pip>=25.1'
	$(bench_bin)/python -m pip --quiet --disable-pip-version-check install '.[processes]' 'hatchling>=1.27' \
	    'pytest>=8.4' 'pytest-benchmark>=5.0' 'pytest-timeout>=2.3'
	@$(bench_bin)/python -m pip --quiet --disable-pip-version-check install -r benchmarks/competitors.txt || \
	    while read -r package; do \
	        $(bench_bin)/python -m pip --quiet --disable-pip-version-check install "$$package" || \
	            echo "$$package cannot be installed here: skipped"; \
	done < benchmarks/competitors.txt
	@touch $@

$(installed_docs): pyproject.toml
	@$(MAKE) --no-print-directory VENV=$(DOCS_VENV) $(docs_bin)/python
	$(docs_bin)/python -m pip --quiet --disable-pip-version-check install --editable '.[docs]'
	@touch $@

candidates := $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11)

$(bin)/python:
	@for candidate in $(candidates); do \
	    if "$$candidate" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' \
	            >/dev/null 2>&1; then \
	        echo "$$candidate -m venv $(VENV)"; \
	        exec "$$candidate" -m venv --clear $(VENV); \
	    fi; \
	done; \
	{ \
	    echo "danac needs Python 3.11 or later with its venv module; looked at: $(candidates)."; \
	    echo "Debian and Ubuntu have that module in the package python3-venv."; \
	    echo "To name a Python: make PYTHON=/path/to/python"; \
	} >&2; \
	exit 1
