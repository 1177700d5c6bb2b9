# PORT=4567 in front of a target means another local stack, beside the one on port 4566.
SHELL := /usr/bin/env bash
PYTHON := .venv/bin/python
LOCAL_STACK := $(PYTHON) local/stack
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0

.DEFAULT_GOAL := help
.PHONY: help up down status env logs dispatcher demo import test test-import-large lint access-table resources deny bench-planner bench-import clean

help: ## This list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

up: .venv/ready ## Build, start and deploy the local stack, or update it
	@local/room.sh 5
	@$(LOCAL_STACK) up

down: .venv/ready ## Stop the local stack; its data goes with it
	@$(LOCAL_STACK) down

status: .venv/ready ## Whether it runs, and its addresses and names
	@$(LOCAL_STACK) status

env: .venv/ready ## The same for a shell: eval "$$(make -s env)"
	@$(LOCAL_STACK) env

logs: .venv/ready ## Follow what the functions log; one alone with FUNCTION=create-order
	@$(LOCAL_STACK) logs

dispatcher: .venv/ready ## Make a dispatcher: EMAIL=… [NAME=…] [PASSWORD=…]; on AWS with STACK=waybill-prod
	@local/dispatcher.sh

# With PROVIDER a stand-in for that provider runs as long as the demo; the next `make up` or `make demo` is embedded again.
ifdef PROVIDER
demo: .venv/ready local/providers/.venv/ready
	@$(PYTHON) local/demo/with_provider.py "$(PROVIDER)"
else
demo: up ## The whole story on the local stack: orders, routes, deliveries, emails; PROVIDER=ors or google
	@eval "$$($(LOCAL_STACK) env)" && exec $(PYTHON) local/demo/run.py
endif

import: .venv/ready ## Hand a file of orders over: FILE=orders.csv [EMAIL=… PASSWORD=…]; to another stack than the local one with API_URL and its kin
	@if [ -z "$$API_URL" ]; then eval "$$($(LOCAL_STACK) env)"; fi && exec $(PYTHON) local/import_file.py

test: .venv/ready ## All checks and tests, the end-to-end tests on a stack of their own
	@local/room.sh $(if $(filter 0,$(CARGO_INCREMENTAL)),6,8)
	@local/test.sh

test-import-large: up ## 100,000 rows through the local stack, counted in its table: some minutes; IMPORT_ROWS=… for another number
	@eval "$$($(LOCAL_STACK) env)" && IMPORT_ROWS=$${IMPORT_ROWS:-100000} exec $(PYTHON) -m pytest tests/test_import_large.py

lint: .venv/ready ## Formatting, clippy, template
	@local/lint.sh

access-table: .venv/ready ## Print the permissions of all callers as a table (tests/access_table.py)
	@$(PYTHON) tests/access_table.py

resources: .venv/ready ## Write the list of the template's resources, tests/resources.txt
	@$(PYTHON) tests/resources.py

deny: ## Licences and known faults of the dependencies (cargo install cargo-deny)
	@cargo deny --version >/dev/null 2>&1 || { echo "waybill: cargo-deny is needed: cargo install --locked cargo-deny" >&2; exit 1; }
	@cargo deny check

bench-planner: ## The planner beside VROOM, OR-Tools and PyVRP, on the same problems; FILES=… for some of your own
	@test -d local/bench-planner/.venv || python3 -m venv local/bench-planner/.venv
	@local/bench-planner/.venv/bin/pip install -q -r local/bench-planner/requirements.txt
	@cargo build --release -p planner --bin plan
	@local/bench-planner/.venv/bin/python local/bench-planner/bench.py --plan target/release/plan $(FILES)

bench-import: up ## What an import takes, beside csv and boto3's batch writer: ROWS=1000000
	@cargo build --release --bin ingest-orders --bin create-upload-url
	@cargo build --release -p intake --example rows
	@built=$${CARGO_TARGET_DIR:-target}/$${CARGO_BUILD_TARGET:+$$CARGO_BUILD_TARGET/}release; \
	  eval "$$($(LOCAL_STACK) env)" && exec $(PYTHON) local/bench-import/bench.py --binaries "$$built" \
	  --parsing "$$built/examples/rows" --rows "$${ROWS:-1000000}"

clean: ## Stop the local stack and throw away all that was built
	@if [ -e .venv/ready ]; then $(LOCAL_STACK) down; fi
	rm -rf .venv local/bench-planner/.venv local/providers/.venv .aws-sam target local/state local/demo/out

.venv/ready: local/requirements.txt local/venv.sh
	@local/venv.sh

local/providers/.venv/ready: local/providers/requirements.txt local/venv.sh
	@local/venv.sh local/providers/.venv local/providers/requirements.txt
