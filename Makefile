# Everything is done in an environment of its own, .venv, which is made again
# only when pyproject.toml or the lock changes. `make` alone lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The versions that are installed. LOCK=/dev/null installs the newest that pyproject.toml allows.
LOCK := .ci/constraints.txt
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check \
    --constraint $(LOCK) --build-constraint $(LOCK)
# Two for each core of a small machine: many tests wait for a terminal or another process.
JOBS ?= 4
MAN := docs/smic-tui.1
FOLDERS ?= $(sort $(patsubst %/,%,$(dir $(shell find tests -name 'test_*.py' \
    -not -path 'tests/live/*' -not -path 'tests/thirdparty/*'))))

.DEFAULT_GOAL := help
.PHONY: help run test test-folders check test-live sources-table bench man docs
.PHONY: screens messages catalogues clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: $(VENV)/.installed ## open the dashboard (ARGS="--config FILE" and the like are passed on)
	@$(BIN)/smic-tui $(ARGS)

test: catalogues ## run the tests (ARGS="tests/config -k duration" for some of them)
	$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),-n $(JOBS) --dist loadfile)

# FOLDERS="tests/duty tests/hub" for some of them, SEED=4711 for an order that was printed.
test-folders: catalogues ## run each folder of tests by itself, in random order
	@for folder in $(FOLDERS); do \
	    echo "== $$folder"; \
	    $(BIN)/python -m pytest --random-order-bucket=global \
	        $(if $(SEED),--random-order-seed=$(SEED)) $$folder/test_*.py || exit 1; \
	done

check: catalogues ## lint, format, types, import directions
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

test-live: catalogues ## real source systems on loopback (LIVE=tests/live/test_live_rt.py for one)
	@test -x tests/live/setup || { echo "tests/live/setup is missing" >&2; exit 1; }
	tests/live/setup
	$(BIN)/python -m pytest -m live $(if $(LIVE),$(LIVE),tests/live) $(ARGS)

sources-table: ## write what test-live found last into docs/sources.md
	$(BIN)/python tests/live/live_results.py docs/sources.md

bench: catalogues ## measure; BENCH_QUICK=1 for a short run
	@for script in benchmarks/bench_*.py; do \
	    echo "== $$script"; $(BIN)/python -m benchmarks.$$(basename $$script .py) || exit 1; \
	done

man: catalogues ## write docs/smic-tui.1
	COLUMNS=80 LANGUAGE=en $(BIN)/argparse-manpage \
	    --module smic_tui.cli.parser --function build_parser --prog smic-tui \
	    --project-name smic-tui --version "$$($(BIN)/hatchling version)" \
	    --description "one screen over the systems of an IT syndicate" \
	    --manual-title "User Commands" --include docs/man-sections.txt --output $(MAN)

docs: catalogues man ## write the pages that are made from the code
	$(BIN)/smic-tui --language en config reference > docs/configuration.md

screens: catalogues ## draw the pictures of the README
	$(BIN)/python docs/make_screens.py

messages: $(VENV)/.developing ## bring the French catalogue up to date with the code
	$(BIN)/pybabel -q extract -F smic_tui/locale/babel.cfg -o smic_tui/locale/smic_tui.pot \
	    -k N_ -k pgettext:1c,2 --project=smic-tui --no-location --sort-output .
	$(BIN)/pybabel -q update -D smic_tui -l fr -i smic_tui/locale/smic_tui.pot -d smic_tui/locale \
	    -w 100 --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	rm smic_tui/locale/smic_tui.pot
	sed -i -E '/^"(Report-Msgid|POT-Creation|PO-Revision|Last-Translator|Language-Team|Generated-By)/d' \
	    smic_tui/locale/fr/LC_MESSAGES/smic_tui.po
	$(BIN)/python smic_tui/locale/hatch_build.py

catalogues: $(VENV)/.developing
	@$(BIN)/python smic_tui/locale/hatch_build.py

.PHONY: test-versions dist lock
# Left out: what is slow, and what measures a terminal. Neither depends on the version of Python.
FAST_TESTS := -n $(JOBS) --dist loadfile -m "not live and not slow" --ignore tests/end_to_end
test-versions: ## the fast tests on each Python from 3.11 that the machine has (ARGS as for test)
	@sh .ci/pythons | { tried=; failed=; while read -r version python; do \
	    echo "== Python $$version: $$python"; \
	    tried="$$tried $$version"; venv=$(VENV)/versions/$$version; \
	    { $(MAKE) --no-print-directory PYTHON=$$python VENV=$$venv catalogues \
	    && $$venv/bin/python -m pytest $(or $(ARGS),$(FAST_TESTS)); } </dev/null \
	    || failed="$$failed $$version"; \
	done; \
	echo "Tried:$$tried. Failed:$${failed:- none}."; test -n "$$tried" && test -z "$$failed"; }

dist: catalogues ## build wheel and source distribution into dist/, install and start each
	@sh .ci/dist $(CURDIR)/$(BIN)/python dist $(LOCK)

lock: ## renew .ci/constraints.txt (ARGS=--upgrade for the newest of everything)
	PYTHON="$(PYTHON)" sh .ci/lock $(LOCK) $(ARGS)

clean: ## remove everything that can be made again
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find smic_tui widgets adapters tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
	rm -f smic_tui/locale/*/LC_MESSAGES/*.mo

$(VENV)/.installed: pyproject.toml $(LOCK)
	@PYTHON="$(PYTHON)" sh .ci/make-venv $(VENV) $(LOCK)
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.developing: $(VENV)/.installed
	$(INSTALL) --group dev
	@touch $@
