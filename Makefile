# The project's commands. Each sets up what it needs; `make help` lists them.

PORT ?= 8000
FUNCTION ?= FastApiFunction
EVENT ?= events/package.json
ENVIRONMENT ?= default
PYTHON ?= python3
ARGS ?=

BIN := .venv/bin
RUN := PYTHONPATH=functions $(BIN)/python
UV := $(BIN)/python -E tools/uv.py

# No PYTHON… variable of the user reaches a command. Text is UTF-8 in any terminal.
unexport $(filter PYTHON%,$(.VARIABLES))
export PYTHONUTF8 := 1
# Caches of tools stay in this folder.
unexport MYPY_CACHE_DIR RUFF_CACHE_DIR PRE_COMMIT_HOME COVERAGE_FILE
export XDG_CACHE_HOME := $(CURDIR)/.cache
export MPLCONFIGDIR := $(CURDIR)/.cache/matplotlib
export __SAM_CLI_APP_DIR := $(CURDIR)/.cache/sam
export SAM_LAYER_CACHE_BASEDIR := $(CURDIR)/.cache/sam/layers
export SAM_CLI_TELEMETRY ?= 0

.DEFAULT_GOAL := help
.PHONY: help setup run invoke local compare bench check lint format test test-dates docs names units lock image build deploy track smoke deploy-local politeness

help: ## list these commands
	@awk -F ':.*## ' '/^##@ / {print "\n" substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

##@ Run

run: .venv/.runs ## serve the API on PORT (8000): no Docker, no AWS account; TABLE=local, CLICKHOUSE=local add stores
	@PORT='$(PORT)' TABLE='$(TABLE)' CLICKHOUSE='$(CLICKHOUSE)' $(RUN) -m tools.serve

invoke: image build ## invoke FUNCTION with EVENT in the Lambda image; the last line is the proxy response
	@$(RUN) -m tools.runtime.local invoke $(FUNCTION) $(EVENT)

local: image build ## serve both variants on PORT in the Lambda image; TLS=1 for HTTPS
	@$(RUN) -m tools.runtime.local start-api --port $(PORT) $(if $(TLS),--tls)

compare: setup ## measure Flask against FastAPI; ARGS=--quick measures less, ARGS=--help lists options
	@$(RUN) -m tools.compare $(ARGS)

bench: setup ## measure the API's answers from ClickHouse beside their queries; ARGS=--help lists options
	@$(RUN) -m tools.clickhouse.bench $(ARGS)

##@ Develop

setup: .venv/.ready ## make .venv, with everything that tests and linters need

.venv/.ready: requirements-dev.txt .venv/.made
	@echo "Installing what tests and linters need into .venv"
	@$(UV) pip sync --quiet --python .venv --require-hashes requirements-dev.txt
	@touch .venv/.runs $@

# Not `sync`, which would remove what tests need.
.venv/.runs: requirements-run.txt .venv/.made
	@echo "Installing what \`make run\` needs into .venv"
	@$(UV) pip install --quiet --python .venv --require-hashes --requirements requirements-run.txt
	@touch $@

# functions/ is on the path of .venv, as on Lambda's. If the interpreter is gone or has another version now, .venv
# does not find functions/ and is made again. It is made in .cache first, since PYTHON may be in a .venv that a person
# made.
.venv/.made: $(shell $(BIN)/python -E -c 'import importlib.util; importlib.util.find_spec("pulse") or exit(1)' \
		2>/dev/null || echo anew)
	@"$(PYTHON)" -E -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || { \
		echo "PyPI Pulse needs Python 3.11 or newer, and $(PYTHON) is not:" \
			"install one and name it, as in make setup PYTHON=python3.13" >&2; exit 1; }
	@"$(PYTHON)" -E tools/uv.py venv --quiet --clear --relocatable --prompt pypi-pulse \
		--python "$$("$(PYTHON)" -E -c 'import sys; print(sys.executable)')" .cache/venv
	@echo ../../../../functions \
		>"$$(.cache/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/functions.pth"
	@rm -rf .venv # if it is a link, its target stays
	@mv .cache/venv .venv
	@touch $@
.PHONY: anew

check: lint ## the quick loop: lint, then the unit and contract tests
	@$(BIN)/pytest -n logical --quiet tests/unit tests/contract

test: setup ## run all tests; on Debian as root, install and start what is missing
	@$(RUN) -m tools.runtime || true # what it can't have, pytest lists at the end
	@$(RUN) -m tools.dynamodb || true
	@$(RUN) -m tools.clickhouse --install || true
	@$(RUN) -m tools.chromium || true
	$(BIN)/pytest -n logical --cov --cov-report=term
	@$(RUN) -m tools.dates

test-dates: setup ## run the quick tests as on a leap day, at a year's end, and before upstream has loaded
	@$(RUN) -m tools.dates $(OPTIONS)

lint: setup ## run all linters: format, style, types, layers, documentation, template, workflows
	@$(BIN)/pre-commit run --all-files

format: setup ## format the code, and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup ## write the generated parts of the documentation, and docs/openapi.json
	@UPDATE_DOCS=1 $(BIN)/pytest --quiet tests/http/test_openapi_document.py tests/http/test_examples.py \
		tests/http/test_embed_page.py tests/browser/test_pictures.py::test_readme_shows_the_page
	$(BIN)/cog -I . -r docs/operations.md

names: setup ## write the names that the website suggests, from a public ranking
	@$(RUN) -m tools.names $(OPTIONS)

units: setup ## measure what requests cost in the table, and write it into docs/operations.md
	@UPDATE_UNITS=1 $(BIN)/pytest --no-cov tests/dynamodb/test_units.py

lock: setup ## pin all dependencies to their newest versions
	for function in fastapi_app flask_app collector; do \
		$(UV) pip compile $(LOCK) --universal --python-version 3.13 \
			functions/$$function/requirements.in --output-file functions/$$function/requirements.txt || exit; \
	done
	for installed in uv run dev; do \
		$(UV) pip compile $(LOCK) --universal --python-version 3.11 \
			requirements-$$installed.in --output-file requirements-$$installed.txt || exit; \
	done
	for container in runtime emulator; do \
		$(UV) pip compile $(LOCK) --python-platform x86_64-manylinux_2_28 --python-version 3.13 \
			tools/$$container/requirements.in --output-file tools/$$container/requirements.txt || exit; \
	done
LOCK := --quiet --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command 'make lock'

##@ Deploy

image: setup ## start Docker and make the Lambda runtime image, if they are missing
	$(RUN) -m tools.runtime

build: setup ## sam build: all functions, each with its own dependencies and bytecode
	$(RUN) -m tools.runtime.sam build

# ENVIRONMENT in samconfig.toml decides the architecture, not this machine.
deploy: setup ## build and deploy ENVIRONMENT (default, dev, prod) of samconfig.toml
	$(RUN) -m tools.runtime.sam build --config-env '$(ENVIRONMENT)'
	$(RUN) -m tools.runtime.sam deploy --config-env '$(ENVIRONMENT)' $(DEPLOY_FLAGS)

track: setup ## list the tracked packages of ENVIRONMENT; PACKAGES='a b' adds some, with REMOVE=1 removes them
	@$(RUN) -m tools.track --environment '$(ENVIRONMENT)' $(if $(REMOVE),--remove) -- '$(PACKAGES)'

smoke: setup ## check the API at URL; OPTIONS are pytest's
	@$(RUN) -m pytest tools/smoke --url='$(URL)' $(OPTIONS)

deploy-local: setup ## deploy to an emulator of AWS, check the API and the collector, delete; PARAMETERS='Name=value …'
	@$(RUN) -m tools.emulator $(PARAMETERS)

politeness: setup ## check that 20 execution environments keep upstream's rate limit; OPTIONS=--help lists options
	@$(RUN) -m tools.politeness $(OPTIONS)
