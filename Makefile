# Every command a newcomer needs. `make help` lists them.
PYTHON ?= python3
WORKERS ?= 4
VENV ?= .venv
BIN := $(VENV)/bin
export PRICING_LAKE_HOME ?= $(CURDIR)/.lake
export DAGSTER_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev setup-services setup-bench demo ui aws-local test test-services lint format docs bench lock clean

help:  ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.runtime: requirements.lock pyproject.toml
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements-dev.lock
	touch $@

$(VENV)-bench/.bench: requirements-bench.lock pyproject.toml
	test -d $(VENV)-bench || $(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements-bench.lock
	$(VENV)-bench/bin/python -m pip install --quiet --no-deps -e .
	touch $@

setup: $(VENV)/.runtime  ## set up the virtualenv from the hashed lock
setup-dev: $(VENV)/.dev
setup-bench: $(VENV)-bench/.bench

demo: setup  ## set up, make a sample shop, run every day of it, show what came out
	$(BIN)/pricing-lake demo

ui: setup  ## Dagit on 127.0.0.1:3000, on the same lake and instance as the demo
	mkdir -p $(PRICING_LAKE_HOME)/dagster && cp dagster.yaml $(PRICING_LAKE_HOME)/dagster/
	DAGSTER_HOME=$(PRICING_LAKE_HOME)/dagster $(BIN)/dagster dev --host 127.0.0.1 --port 3000 --workspace workspace.yaml

aws-local: setup-dev  ## the main job on an emulated AWS (Glue, S3, Bedrock, DynamoDB, Athena), on loopback, without an account
	PRICING_LAKE_HOME=$$(mktemp -d)/lake $(BIN)/python -m pricing_lake_tests.aws.local -- sh -ec '\
	  $(BIN)/pricing-lake sample --days 3 --sales-per-day 50; $(BIN)/pricing-lake ensure --stage dev; \
	  $(BIN)/pricing-lake materialize; $(BIN)/pricing-lake materialize; $(BIN)/pricing-lake verify --stage dev; \
	  $(BIN)/pricing-lake progress --stage dev --summary 30; $(BIN)/pricing-lake query brand_performance --stage dev --limit 5'

test: setup-dev  ## the test suite; needs nothing but Python
	$(BIN)/python -m pytest -n $(WORKERS)

setup-services: setup-dev  ## PostgreSQL, MariaDB, Chromium and Java from Debian's packages, Kafka's jars by Maven
	@command -v chromium >/dev/null && command -v mariadbd >/dev/null && ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || \
	  (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    postgresql mariadb-server chromium)
	@command -v java >/dev/null && command -v mvn >/dev/null || \
	  (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    default-jre-headless maven)
	$(BIN)/python -m pricing_lake_tests.services.kafka_jars

test-services: setup-services  ## tests that meet PostgreSQL, MariaDB, Kafka, a running dagster dev and a browser
	$(BIN)/python -m pytest -m services -n $(WORKERS) --dist loadfile

lint: setup-dev  ## ruff, import-linter, mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

format: setup-dev  ## let ruff format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup-dev  ## write what is generated: pages under docs/, rights under infra/
	$(BIN)/python -m pricing_lake.contracts.as_markdown > docs/tables.md
	$(BIN)/python -m pricing_lake.queries.as_markdown > docs/queries.md
	$(BIN)/python -m pricing_lake.aws.policies cloudformation/policies.yaml > infra/cloudformation/policies.yaml
	$(BIN)/python -m pricing_lake.aws.policies cloudformation/tenant_policy.yaml > infra/cloudformation/tenant_policy.yaml
	$(BIN)/python -m pricing_lake.aws.policies terraform/policies.tf > infra/terraform/policies.tf

BENCHMARKS ?= load_code_location split_rows write_day embed_local
bench: setup-bench  ## the benchmarks that need no service, peers in the same run, as ratios
	for name in $(BENCHMARKS); do $(VENV)-bench/bin/python -m benchmarks.$$name || exit 1; done

lock: setup-dev  ## compile the three lock files again (needs uv on the PATH)
	uv pip compile pyproject.toml $(LOCK_FLAGS) -o requirements.lock
	uv pip compile pyproject.toml --extra dev $(LOCK_FLAGS) -o requirements-dev.lock
	uv pip compile pyproject.toml --extra dev --extra bench $(LOCK_FLAGS) -o requirements-bench.lock

LOCK_FLAGS := --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
  --no-header --no-strip-extras

clean:  ## remove build output (never the lake)
	rm -rf build .pytest_cache .ruff_cache .mypy_cache .hypothesis
