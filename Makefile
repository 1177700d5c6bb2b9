# PORT=4567 before a target selects another local stack beside the one on port 4566.
SHELL := /usr/bin/env bash
PYTHON := .venv/bin/python
LOCAL_STACK := $(PYTHON) local/stack
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0

.DEFAULT_GOAL := help
.PHONY: help up down status env logs dispatcher demo import test test-import-large lint screenshots docs fuzz access-table resources indexes deny checkov restore bench-planner bench-import bench-start bench-cost bench-dispatcher bench-day bench-day-http simulate clean

help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | sed "s/[$$][$$]/$$/" | expand -t 26

up: .venv/ready ## Start the local stack, or update it: build, start, deploy
	@local/room.sh 5
	@$(LOCAL_STACK) up

down: .venv/ready ## Stop the local stack and delete its data
	@$(LOCAL_STACK) down

status: .venv/ready ## Show whether the local stack runs, its addresses and names
	@$(LOCAL_STACK) status

env: .venv/ready ## Print the addresses and names for a shell: eval "$$(make -s env)"
	@$(LOCAL_STACK) env

logs: .venv/ready ## Follow the logs of the functions; FUNCTION=create-order selects one
	@$(LOCAL_STACK) logs

dispatcher: .venv/ready ## Create a dispatcher: EMAIL=… [NAME=…] [PASSWORD=…]; STACK=waybill-prod for AWS
	@local/dispatcher.sh

# With PROVIDER, a stand-in for that provider runs during the demo. The next `make up` or `make demo` uses the embedded
# planner again.
ifdef PROVIDER
demo: .venv/ready local/providers/.venv/ready
	@$(PYTHON) local/demo/with_provider.py "$(PROVIDER)"
else
demo: up ## Run the demo on the local stack: orders, routes, deliveries, emails; PROVIDER=ors or google
	@eval "$$($(LOCAL_STACK) env)" && exec $(PYTHON) local/demo/run.py
endif

import: .venv/ready ## Import a file of orders: FILE=orders.csv [PRESET=… SETTINGS=file.json PROFILE=… EMAIL=… PASSWORD=…]
	@if [ -z "$$API_URL" ]; then eval "$$($(LOCAL_STACK) env)"; fi && exec $(PYTHON) local/import_file.py

test: .venv/ready local/contract/node_modules/ready local/browser/node_modules/ready ## Run all checks and tests; the end-to-end tests start their own stack
	@local/room.sh $(if $(filter 0,$(CARGO_INCREMENTAL)),6,8)
	@local/test.sh

test-import-large: up ## Import 100,000 rows on the local stack and count the orders: some minutes; IMPORT_ROWS=…
	@eval "$$($(LOCAL_STACK) env)" && IMPORT_ROWS=$${IMPORT_ROWS:-100000} exec $(PYTHON) -m pytest tests/test_import_large.py

lint: .venv/ready local/contract/node_modules/ready ## Check the formatting, clippy, ruff, shellcheck, the contract and the template
	@local/lint.sh

screenshots: local/browser/node_modules/ready up ## Make the pictures of the tracking page in docs/ again, on the local stack
	@eval "$$($(LOCAL_STACK) env)" && SCREENSHOTS=docs $(PYTHON) -m pytest -q tests/test_tracking_page.py

docs: .venv/ready local/contract/node_modules/ready ## Make a page of the API, local/contract/out/index.html
	@local/contract/page.sh

fuzz: .venv/ready ## Send generated calls to a running local stack and check each answer: CASES=2000
	@eval "$$($(LOCAL_STACK) env)" && local/contract/fuzz.sh

access-table: .venv/ready ## Print the permissions of all callers as a table (tests/access_table.py)
	@$(PYTHON) tests/access_table.py

resources: .venv/ready ## Write the list of the template's resources, tests/resources.txt
	@$(PYTHON) tests/resources.py

deny: ## Check licences and known faults of the dependencies (cargo install cargo-deny)
	@cargo deny --version >/dev/null 2>&1 || { echo "waybill: cargo-deny is missing: cargo install --locked cargo-deny" >&2; exit 1; }
	@cargo deny check

restore: .venv/ready ## Copy lost items back: TABLE=Orders AT=2030-05-06T08:00:00Z [STACK=…] [APPLY=yes]; see docs/OPERATIONS.md
	@$(PYTHON) local/restore.py --table "$(TABLE)" $${AT:+--at "$$AT"} $${SOURCE:+--source "$$SOURCE"} \
	  $${STACK:+--stack "$$STACK"} $${MODE:+--mode "$$MODE"} $${ONLY:+--only "$$ONLY"} $${APPLY:+--apply "$$APPLY"}

indexes: .venv/ready ## After a release: write the list of the tables' indexes, tests/indexes.json
	@$(PYTHON) tests/indexes.py

checkov: .venv/ready local/checkov/.venv/ready ## Check the expanded template; local/checkov/checkov.yaml has the accepted findings
	@mkdir -p local/state/checkov && $(PYTHON) tests/expanded.py >local/state/checkov/template.json
	@local/checkov/.venv/bin/checkov --config-file local/checkov/checkov.yaml -f local/state/checkov/template.json

bench-planner: ## Compare the planner with VROOM, OR-Tools and PyVRP on the same problems; FILES=…
	@test -d local/bench-planner/.venv || python3 -m venv local/bench-planner/.venv
	@local/bench-planner/.venv/bin/pip install -q -r local/bench-planner/requirements.txt
	@cargo build --release -p planner --bin plan
	@local/bench-planner/.venv/bin/python local/bench-planner/bench.py --plan target/release/plan $(FILES)

bench-import: up ## Compare an import with csv and boto3's batch writer; ROWS=1000000
	@cargo build --release --bin ingest-orders --bin create-upload-url
	@cargo build --release -p intake --example rows
	@built=$${CARGO_TARGET_DIR:-target}/$${CARGO_BUILD_TARGET:+$$CARGO_BUILD_TARGET/}release; \
	  eval "$$($(LOCAL_STACK) env)" && exec $(PYTHON) local/bench-import/bench.py --binaries "$$built" \
	  --parsing "$$built/examples/rows" --rows "$${ROWS:-1000000}"

bench-start: up ## Measure start times and zip sizes of a release build; AGAINST=another build's directory
	@cargo build --release --package functions
	@built=$${CARGO_TARGET_DIR:-target}/$${CARGO_BUILD_TARGET:+$$CARGO_BUILD_TARGET/}release; \
	  eval "$$($(LOCAL_STACK) env)" && exec $(PYTHON) local/bench-start/bench.py --binaries "$$built" \
	  $${AGAINST:+--against "$$AGAINST"}

# A stack of its own: with a meter, a release build, and the windows and plan times of a stack on AWS. The day is about
# 50 times faster than life, and so are the driving times.
bench-cost: export PORT := $(if $(PORT),$(PORT),4599)
bench-cost: export METER := 1
bench-cost: export PROFILE := release
bench-cost: export PARAMETERS := LegBaseSeconds=4 LegSecondsPerKm=2 FreezeSeconds=12 MoveSeconds=1 PlanSeconds=10 \
  OptimizationWindowSeconds=10 NotificationWindowSeconds=2 StreamWindowSeconds=1
bench-cost: up ## Count what 1,000 orders cost on AWS, in dollars for a million: a release build and 12 minutes
	@eval "$$($(LOCAL_STACK) env)" && { $(PYTHON) local/bench-cost/bench.py $(ARGS); result=$$?; \
	  $(LOCAL_STACK) down; exit $$result; }

bench-dispatcher: up ## Measure quotes, and the end of an import that a call cancels: some minutes; ARGS=--help
	@eval "$$($(LOCAL_STACK) env)" && exec $(PYTHON) local/bench-dispatcher/bench.py $(ARGS)

bench-day: ## Compare Waybill with simple policies on generated days, in virtual time: some minutes; SEEDS=10 [VROOM=1]
	@set -e; run="cargo run -q -p simulator --bin bench-day -- --scenarios all --seeds $${SEEDS:-10}"; \
	  if [ -n "$$VROOM" ]; then \
	    test -d local/bench-planner/.venv || python3 -m venv local/bench-planner/.venv; \
	    local/bench-planner/.venv/bin/pip install -q -r local/bench-planner/requirements.txt; \
	    $$run --write-days local/bench-day/out/days; \
	    local/bench-planner/.venv/bin/python local/bench-day/vroom_policy.py local/bench-day/out/days \
	      local/bench-day/out/vroom.json; \
	  fi; \
	  $$run --page local/bench-day/out/index.html $${VROOM:+--others local/bench-day/out/vroom.json}

# The days are about 50 times faster than life, and so are the driving times.
bench-day-http: export PARAMETERS := LegBaseSeconds=4 LegSecondsPerKm=2 FreezeSeconds=12 MoveSeconds=1
bench-day-http: up ## Drive such days over HTTP on the local stack, five minutes each; DAYS="file.json …"
	@eval "$$($(LOCAL_STACK) env)" && \
	  exec $(PYTHON) local/bench-day/over_http.py $${DAYS:-shared/simulator/tests/reference/*.json}

# The file stays on this machine. ARGS are further flags: make simulate FILE=… AGENTS=… ARGS=--help
simulate: ## Tell how many agents a file of orders needs: FILE=orders.csv AGENTS=6..9 SHIFT=08:00-16:00 [START=LAT,LON]
	@test -n "$$FILE" && test -n "$$AGENTS" || { \
	  echo "waybill: make simulate FILE=orders.csv AGENTS=6..9 SHIFT=08:00-16:00 [START=52.52,13.40] [DATE=2030-05-06]" >&2; \
	  exit 2; }
	@cargo run -q -p simulator --bin simulate -- "$$FILE" --agents "$$AGENTS" $${SHIFT:+--shift "$$SHIFT"} \
	  $${START:+--start "$$START"} $${DATE:+--date "$$DATE"} $${ZONE:+--zone "$$ZONE"} \
	  --page local/simulate/out/index.html $$ARGS

clean: ## Stop the local stack and delete everything that was built
	@if [ -e .venv/ready ]; then $(LOCAL_STACK) down; fi
	rm -rf .venv local/bench-planner/.venv local/checkov/.venv local/providers/.venv local/contract/node_modules local/contract/out local/browser/node_modules .aws-sam target local/state local/demo/out local/bench-cost/out local/bench-day/out local/simulate/out

.venv/ready: local/requirements.txt local/venv.sh
	@local/venv.sh

local/contract/node_modules/ready: .venv/ready local/contract/package-lock.json
	@local/contract/install.sh

local/browser/node_modules/ready: .venv/ready local/browser/package-lock.json local/browser/install.sh local/browser/unpack.mjs
	@local/browser/install.sh

local/checkov/.venv/ready: local/checkov/requirements.txt local/venv.sh
	@local/venv.sh local/checkov/.venv local/checkov/requirements.txt

local/providers/.venv/ready: local/providers/requirements.txt local/venv.sh
	@local/venv.sh local/providers/.venv local/providers/requirements.txt
