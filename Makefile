# What a person types. Each target sets up what it needs; `make help` lists them.

PORT ?= 8000
FUNCTION ?= FastApiFunction
EVENT ?= events/package.json
ENVIRONMENT ?= default
PYTHON ?= python3
ARGS ?=

BIN := .venv/bin
RUN := PYTHONPATH=functions $(BIN)/python
UV := $(BIN)/python -E tools/uv.py

# Nothing that is said to Python reaches what runs here, except that text is UTF-8, whatever the terminal.
unexport $(filter PYTHON%,$(.VARIABLES))
export PYTHONUTF8 := 1
# What tools keep for the next time is kept in this folder too.
export XDG_CACHE_HOME := $(CURDIR)/.cache
export MPLCONFIGDIR := $(CURDIR)/.cache/matplotlib
export __SAM_CLI_APP_DIR := $(CURDIR)/.cache/sam
export SAM_LAYER_CACHE_BASEDIR := $(CURDIR)/.cache/sam/layers
export npm_config_cache := $(CURDIR)/.cache/npm
export SAM_CLI_TELEMETRY ?= 0

.DEFAULT_GOAL := help
.PHONY: help setup run test test-dates lint politeness openapi examples names costs units log-lines format image build invoke local compare deploy deploy-local smoke lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' Makefile

setup: .venv/.ready ## make .venv, with all that tests and checks need

.venv/.ready: requirements-dev.txt .venv/.made
	@echo "Installing what tests and checks need into .venv"
	@$(UV) pip sync --quiet --python .venv --require-hashes requirements-dev.txt
	@touch .venv/.runs $@

# Not `sync`, which would take from a whole .venv what only tests need.
.venv/.runs: requirements-run.txt .venv/.made
	@echo "Installing what \`make run\` needs into .venv"
	@$(UV) pip install --quiet --python .venv --require-hashes --requirements requirements-run.txt
	@touch $@

# functions/ is on its path, as it is on Lambda's. It is made anew where its interpreter is gone, or does not run.
.venv/.made: $(shell $(BIN)/python -E -c '' 2>/dev/null || echo anew)
	@"$(PYTHON)" -E -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || { \
		echo "PyPI Pulse needs Python 3.11 or newer, and $(PYTHON) is not:" \
			"install one and name it, as in make setup PYTHON=python3.13" >&2; exit 1; }
	@rm -rf .venv # a link to another environment leaves that as it is
	@"$(PYTHON)" -E tools/uv.py venv --quiet --relocatable \
		--python "$$("$(PYTHON)" -E -c 'import sys; print(sys.executable)')" .venv
	@echo ../../../../functions >"$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/functions.pth"
	@touch $@
.PHONY: anew

run: .venv/.runs ## serve the API on PORT (8000): no Docker, no AWS account; TABLE=local with DynamoDB Local
	@PORT='$(PORT)' TABLE='$(TABLE)' $(RUN) -m tools.serve

test: setup ## run all tests; on Debian as root, install and start what they lack
	@$(RUN) -m tools.runtime || true # what it can't have, pytest lists at the end
	@$(RUN) -m tools.dynamodb.installation || true
	@$(RUN) -m tools.chromium || true
	$(BIN)/pytest --cov --cov-report=term
	@$(RUN) -m tools.dates

test-dates: setup ## run the quick tests as on a leap day, at a year's end, before upstream has loaded
	@$(RUN) -m tools.dates $(OPTIONS)

lint: setup ## check format, style, types, floors, the template and the workflow
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy tests
	PYTHONPATH=functions $(BIN)/lint-imports
	$(RUN) -m tools.checks

politeness: setup ## are upstream's limits kept by 20 execution environments? OPTIONS=--help for its size
	@$(RUN) -m tools.politeness $(OPTIONS)

openapi: setup ## write docs/openapi.json from the code
	$(RUN) -m tools.contract

examples: setup ## put what the documentation's examples print into it
	$(RUN) -m tools.examples --write README.md docs/api.md

names: setup ## write the names that the website suggests, from a public ranking
	@$(RUN) -m tools.names $(OPTIONS)

costs: setup ## put into docs/operations.md what a month costs
	$(RUN) -m tools.costs --write docs/operations.md

units: setup ## measure what requests cost in the table, and put it into docs/operations.md
	@$(RUN) -m tools.dynamodb.units --into docs/operations.md

log-lines: image build ## put into docs/operations.md what the runtime image logs of a slow request
	@$(RUN) -m tools.runtime.log_lines --write docs/operations.md

format: setup ## format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

image: setup ## make the Lambda runtime image, and start Docker for it, where they are missing
	$(RUN) -m tools.runtime

build: setup ## sam build: both functions, each with its own dependencies and bytecode
	$(RUN) -m tools.runtime.sam build

invoke: image build ## sam local invoke FUNCTION= EVENT=: the proxy response is the last line
	@$(RUN) -m tools.runtime.invoke $(FUNCTION) $(EVENT)

local: image build ## sam local start-api on PORT: both variants in the Lambda image, over HTTP; TLS=1 for HTTPS
	@$(RUN) -m tools.runtime.local --port $(PORT) $(if $(TLS),--tls)

compare: setup ## measure Flask against FastAPI; ARGS=--quick does less of it, ARGS=--help tells more
	@$(RUN) -m tools.compare $(ARGS)

# Built and deployed for what ENVIRONMENT says in samconfig.toml, whatever this machine is.
deploy: setup ## sam build and sam deploy, with ENVIRONMENT (default, dev, prod) of samconfig.toml
	$(RUN) -m tools.runtime.sam build --config-env '$(ENVIRONMENT)'
	$(RUN) -m tools.runtime.sam deploy --config-env '$(ENVIRONMENT)' $(DEPLOY_FLAGS)

deploy-local: setup ## sam deploy to an emulator, smoke all routes, delete; PARAMETERS='Name=value …'
	@$(RUN) -m tools.emulator $(PARAMETERS)

smoke: setup ## check every promise of the API that answers at URL; OPTIONS=--help lists more
	@$(RUN) -m tools.smoke $(OPTIONS) '$(URL)'

lock: setup ## pin all dependencies anew, with hashes and without addresses
	for function in fastapi_app flask_app; do \
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
