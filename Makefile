# What a person types. Each target sets up what it needs; `make help` lists them.

PORT ?= 8000
FUNCTION ?= FastApiFunction
EVENT ?= events/package.json
ENVIRONMENT ?= default
PYTHON ?= python3
ARGS ?=

UV_VERSION := $(shell sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements-dev.txt)
BIN := .venv/bin
RUN := PYTHONPATH=functions $(BIN)/python
export SAM_CLI_TELEMETRY ?= 0

.DEFAULT_GOAL := help
.PHONY: help setup run test lint politeness openapi examples costs units log-lines format image build invoke local compare deploy deploy-local smoke lock

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

setup: .venv/.ready ## make .venv, with all that tests and checks need

# uv makes the environment, and is itself installed apart from it and from the system's Python. functions/
# is on its path, as it is on Lambda's.
.venv/.ready: requirements-dev.txt
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || { \
		echo "pip for $(PYTHON) is missing: on Debian, apt-get install python3-pip" >&2; exit 1; }
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --upgrade \
		--target .cache/uv "uv==$(UV_VERSION)"
	.cache/uv/bin/uv venv --quiet --clear --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv
	.cache/uv/bin/uv pip sync --quiet --require-hashes requirements-dev.txt
	@echo ../../../../functions >"$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/functions.pth"
	@touch $@

run: setup ## serve the API on PORT (8000): no Docker, no AWS account; TABLE=local with DynamoDB Local
	@PORT='$(PORT)' TABLE='$(TABLE)' $(RUN) -m workbench.serve

test: setup ## run all tests; on Debian as root, install and start what they lack
	@$(RUN) -m workbench.runtime || true # what it can't have, pytest lists at the end
	@$(RUN) -m workbench.dynamodb.installation || true
	$(BIN)/pytest --cov --cov-report=term

lint: setup ## check format, style, types, floors, the template and the workflow
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy tests
	PYTHONPATH=functions $(BIN)/lint-imports
	$(RUN) -m workbench.checks

politeness: setup ## are upstream's limits kept by 20 execution environments? OPTIONS=--help for its size
	@$(RUN) -m workbench.politeness $(OPTIONS)

openapi: setup ## write docs/openapi.json from the code
	$(RUN) -m workbench.contract

examples: setup ## put what the documentation's examples print into it
	$(RUN) -m workbench.examples --write README.md docs/api.md

costs: setup ## put into docs/operations.md what a month costs
	$(RUN) -m workbench.costs --write docs/operations.md

units: setup ## measure what requests cost in the table, and put it into docs/operations.md
	@$(RUN) -m workbench.dynamodb.units --into docs/operations.md

log-lines: image build ## put into docs/operations.md what the runtime image logs of a slow request
	@$(RUN) -m workbench.runtime.log_lines --write docs/operations.md

format: setup ## format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

image: setup ## make the Lambda runtime image, and start Docker for it, where they are missing
	$(RUN) -m workbench.runtime

build: setup ## sam build: both functions, each with its own dependencies and bytecode
	$(RUN) -m workbench.runtime.sam build

invoke: image build ## sam local invoke FUNCTION= EVENT=: the proxy response is the last line
	@$(RUN) -m workbench.runtime.invoke $(FUNCTION) $(EVENT)

local: image build ## sam local start-api on PORT: both variants in the Lambda image, over HTTP; TLS=1 for HTTPS
	@$(RUN) -m workbench.runtime.local --port $(PORT) $(if $(TLS),--tls)

compare: setup ## measure Flask against FastAPI; ARGS=--quick does less of it, ARGS=--help tells more
	@$(RUN) -m workbench.compare $(ARGS)

# Built and deployed for what ENVIRONMENT says in samconfig.toml, whatever this machine is.
deploy: setup ## sam build and sam deploy, with ENVIRONMENT (default, dev, prod) of samconfig.toml
	$(RUN) -m workbench.runtime.sam build --config-env '$(ENVIRONMENT)'
	$(RUN) -m workbench.runtime.sam deploy --config-env '$(ENVIRONMENT)' $(DEPLOY_FLAGS)

deploy-local: setup ## sam deploy to an emulator, smoke all routes, delete; PARAMETERS='Name=value …'
	@$(RUN) -m workbench.emulator $(PARAMETERS)

smoke: setup ## check every promise of the API that answers at URL; OPTIONS=--help lists more
	@$(RUN) -m workbench.smoke $(OPTIONS) '$(URL)'

lock: setup ## pin all dependencies anew, with hashes and without addresses
	cd functions && for function in fastapi_app flask_app; do \
		../$(BIN)/uv pip compile $(LOCK) --universal --python-version 3.13 \
			$$function/requirements.in --output-file $$function/requirements.txt || exit; \
	done
	$(BIN)/uv pip compile $(LOCK) --universal --python-version 3.11 \
		requirements-dev.in --output-file requirements-dev.txt
	$(BIN)/uv pip compile $(LOCK) --python-platform x86_64-manylinux_2_28 --python-version 3.13 \
		workbench/runtime/requirements.in --output-file workbench/runtime/requirements.txt
	$(BIN)/uv pip compile $(LOCK) --python-platform x86_64-manylinux_2_28 --python-version 3.13 \
		workbench/emulator/requirements.in --output-file workbench/emulator/requirements.txt
LOCK := --quiet --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command 'make lock'
