# What a person types. Each target sets up what it needs; `make help` lists them.

PORT ?= 8000
FUNCTION ?= FastApiFunction
EVENT ?= events/package.json
ENVIRONMENT ?= default
PYTHON ?= python3

UV_VERSION := $(shell sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements-dev.txt)
BIN := .venv/bin
RUN := PYTHONPATH=functions $(BIN)/python
export SAM_CLI_TELEMETRY ?= 0

.DEFAULT_GOAL := help
.PHONY: help setup run test lint openapi examples format image build invoke local deploy lock

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

setup: .venv/.ready ## make .venv, with all that tests and checks need

# uv makes the environment, and is itself installed apart from it and from the system's Python.
.venv/.ready: requirements-dev.txt
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || { \
		echo "pip for $(PYTHON) is missing: on Debian, apt-get install python3-pip" >&2; exit 1; }
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --upgrade \
		--target .cache/uv "uv==$(UV_VERSION)"
	.cache/uv/bin/uv venv --quiet --clear --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv
	.cache/uv/bin/uv pip sync --quiet --require-hashes requirements-dev.txt
	@touch $@

run: setup ## serve the API on PORT (8000): no Docker, no AWS account
	@PORT=$(PORT) $(RUN) -m workbench.serve

test: setup ## run all tests; on Debian as root, install and start what they lack
	@$(RUN) -m workbench.runtime || true # what it can't have, pytest lists at the end
	$(BIN)/pytest --cov --cov-report=term

lint: setup ## check format, style, types, floors and the template
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy tests
	PYTHONPATH=functions $(BIN)/lint-imports
	$(RUN) -m workbench.runtime.sam validate

openapi: setup ## write docs/openapi.json from the code
	$(RUN) -m workbench.contract

examples: setup ## put what the documentation's examples print into it
	$(RUN) -m workbench.examples --write README.md docs/api.md

format: setup ## format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

image: setup ## make the Lambda runtime image, and start Docker for it, where they are missing
	$(RUN) -m workbench.runtime

build: setup ## sam build: both functions, each with its own dependencies and bytecode
	$(RUN) -m workbench.runtime.sam build

invoke: image build ## sam local invoke FUNCTION= EVENT=: the proxy response is the last line
	@$(RUN) -m workbench.runtime.invoke $(FUNCTION) $(EVENT)

local: image build ## sam local start-api on PORT: both variants in the Lambda image, over HTTP
	@$(RUN) -m workbench.runtime.local --port $(PORT)

# What is deployed is built for the template's default, whatever this machine is. For arm64, set ARCH
# here and Architecture in samconfig.toml.
deploy: export ARCH ?= x86_64
deploy: build ## sam deploy, with ENVIRONMENT (default, dev, prod) of samconfig.toml
	$(RUN) -m workbench.runtime.sam deploy --config-env $(ENVIRONMENT)

lock: setup ## pin all dependencies anew, with hashes and without addresses
	cd functions && for function in fastapi_app flask_app; do \
		../$(BIN)/uv pip compile $(LOCK) --universal --python-version 3.13 \
			$$function/requirements.in --output-file $$function/requirements.txt || exit; \
	done
	$(BIN)/uv pip compile $(LOCK) --universal --python-version 3.11 \
		requirements-dev.in --output-file requirements-dev.txt
	$(BIN)/uv pip compile $(LOCK) --python-platform x86_64-manylinux_2_28 --python-version 3.13 \
		workbench/runtime/requirements.in --output-file workbench/runtime/requirements.txt
LOCK := --quiet --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command 'make lock'
