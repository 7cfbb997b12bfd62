# One folder, one command each. `make help` lists them.
# Everything lands in .venv and .demo, here; nothing is installed on the machine.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Made when all locked packages are in; made anew when the lock or the project file changes.
INSTALLED := $(VENV)/installed
# The scanners' own environment: semgrep pins what the program has in other versions.
SCANNED := $(VENV)/security
SCANNERS := $(SCANNED)/installed

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export DAGSTER_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.PHONY: help install demo dev test coverage mutants proof slice slow bench browser screenshots lint types security sbom schema lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## make .venv with the locked versions

$(INSTALLED): deploy/requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "The venv module is missing; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "installing the locked packages into $(VENV) (about a minute the first time)"
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps --requirement deploy/requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(INSTALLED) ## the whole loop on this machine: data out, a coupon back, compared
	@$(BIN)/influence-pipeline demo $(ARGS)

dev: $(INSTALLED) ## everything up with demo data, and Dagster's UI; Ctrl-C ends it
	@$(BIN)/influence-pipeline demo --keep $(ARGS)

# Most of a test's time goes into waiting for databases, so three work at once on two cores.
test: $(INSTALLED) ## the ordinary tests, on a real Postgres
	@$(BIN)/python -m pytest -n 3 $(ARGS)

coverage: $(INSTALLED) ## the ordinary tests, which lines and branches they pass through, which `except` not
	@$(BIN)/python -m pytest -n 3 --cov --cov-report=term:skip-covered $(ARGS)
	@[ -n "$(ARGS)" ] || $(BIN)/python -m influence_pipeline_tests.strength.excepts

# Hours for all of it; what is interrupted goes on where it was. `make mutants ARGS=--help` says more.
mutants: $(INSTALLED) ## change the code in small ways and count what no test notices: ONLY=inbox SAMPLE=200 SEED=1
	@$(BIN)/python -m influence_pipeline_tests.strength $(ONLY) $(if $(SAMPLE),--sample $(SAMPLE)) \
	  $(if $(SEED),--seed $(SEED)) $(ARGS)

# TEST=T2 for one of them (or T2,T5), SEED=1017 for one seed again.
proof: $(INSTALLED) ## T1 to T21 at full size: kills, faults, load; takes its time; writes docs/proof.md
	@$(BIN)/python -m influence_pipeline_tests.proof $(if $(TEST),--test $(TEST)) $(if $(SEED),--seed $(SEED)) $(ARGS)

slice: $(INSTALLED) ## ten minutes of the proof, with seeds that change by the day
	@$(BIN)/python -m influence_pipeline_tests.proof --minutes $(or $(MINUTES),10) --jobs 3 $(ARGS)

slow: $(INSTALLED) ## the slow tests that belong to no proof: real stores, running shops, scale-out
	@$(BIN)/python -m pytest -m "slow and not proves" -n 2 $(ARGS)

# nginx and Redis are needed by some; each says so. ONLY=capture,delivery  QUICK=1  ARGS=--list
bench: $(INSTALLED) ## all benchmarks beside their peers; writes docs/benchmarks.md; about four hours
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick) $(ARGS)

# Debian's Chromium is installed where that can be done unasked (root, apt, a network). Without a
# browser the tests are skipped and say so.
browser: $(INSTALLED) ## Dagster's UI in a real Chromium: pictures of each page in .test-artifacts/
	@command -v $${CHROMIUM:-chromium} >/dev/null || command -v google-chrome >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing chromium" && \
	    { timeout 300 apt-get install -y chromium || \
	      { timeout 100 apt-get update && timeout 300 apt-get install -y chromium; }; } >/dev/null 2>&1; } || \
	  echo "no Chromium is here and none could be installed: the tests in the browser will be skipped"
	@$(BIN)/python -m pytest -m browser influence_pipeline_tests/browser $(ARGS)

screenshots: ## the same, and write the README's pictures in docs/images anew
	@$(MAKE) --no-print-directory browser ARGS=--docs-pictures

lint: $(INSTALLED) ## ruff (rules and format) and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

types: $(INSTALLED) ## mypy, strict
	@$(BIN)/mypy

# The scanners ask nobody: no rules from a registry, no metrics, no look for newer versions.
security: $(INSTALLED) $(SCANNERS) ## bandit, detect-secrets, and semgrep with the rules of security/
	@$(SCANNED)/bin/bandit --quiet --configfile pyproject.toml --recursive influence_pipeline
	@git ls-files -z -- . ':!:influence_pipeline_tests' ':!:benchmarks' ':!:*.lock' ':!:*.png' | \
	  xargs -0 $(SCANNED)/bin/detect-secrets-hook --baseline security/secrets.json
	@$(BIN)/python security/plant.py $(SCANNED)/bin/detect-secrets-hook
	@$(BIN)/python security/scan.py $(SCANNED)/bin/semgrep

sbom: $(INSTALLED) $(SCANNERS) ## a CycloneDX list of what the image installs, in .test-artifacts/sbom.json
	@mkdir -p .test-artifacts
	@$(BIN)/python security/sbom.py $(SCANNED)/bin/python .test-artifacts/sbom.json

$(SCANNERS): security/requirements.lock $(INSTALLED)
	@$(PYTHON) -m venv $(SCANNED)
	@echo "installing the scanners into $(SCANNED) (about a minute the first time)"
	@$(SCANNED)/bin/python -m pip install --quiet --require-hashes --no-deps --requirement security/requirements.lock
	@touch $@

schema: $(INSTALLED) ## write the JSON Schema of influence.toml anew from the models
	@$(BIN)/influence-pipeline schema > influence_pipeline/settings/influence.schema.json.new
	@mv influence_pipeline/settings/influence.schema.json.new influence_pipeline/settings/influence.schema.json

# The image has no tools and no tests in it, so its lock is a part of the whole one.
lock: $(INSTALLED) ## resolve the dependencies anew into all lock files
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --upgrade --quiet \
	  --custom-compile-command "make lock" --output-file deploy/requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra build --extra deploy --extra celery \
	  --extra kubernetes --universal --python-version 3.11 --constraint deploy/requirements.lock \
	  --generate-hashes --no-emit-index-url --no-annotate --upgrade --quiet \
	  --custom-compile-command "make lock" --output-file deploy/image.lock
	@$(BIN)/uv pip compile security/requirements.in --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --upgrade --quiet \
	  --custom-compile-command "make lock" --output-file security/requirements.lock

clean: ## remove what these targets made
	rm -rf $(VENV) .demo .mutants .test-artifacts build *.egg-info .coverage* .mypy_cache .pytest_cache .ruff_cache
