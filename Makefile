# `make run` needs only Python. `make check` is the quick check while you work; a
# change must pass `make test`; `make test-full` runs everything and takes longest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
CONSTRAINTS := --constraint tests/constraints.txt
SOURCES := $(shell find mocksmtp twisted -name '*.py' -o -name py.typed -o -path '*/templates/*' -o -name recipes.json)
JOBS ?= 2

# Tests that start other programs or build packages; all others run in one process.
PROGRAMS := tests.benchmarks tests.clients tests.commands tests.e2e tests.examples tests.fuzzing \
	tests.pytest_plugin tests.replicas tests.test_deployment tests.test_documents tests.test_migrate \
	tests.test_programs tests.test_release tests.test_site tests.test_systemd
SLOW := tests.browser tests.image tests.kits tests.test_install tests.generators \
	tests.soak tests.stand_ins
UNIT := $(filter-out $(PROGRAMS) $(SLOW), \
	$(patsubst tests/%/__init__.py,tests.%,$(wildcard tests/*/__init__.py)) \
	$(patsubst tests/%.py,tests.%,$(wildcard tests/test_*.py)))
TESTS ?= $(UNIT) $(PROGRAMS)
TRIAL := $(BIN)/python -m twisted.trial

.PHONY: docs-links site release-check changelog images run check test soak test-full test-slow test-pythons packages bench-packages kits lint format docs bench coverage image dist clean

run: $(VENV)/.installed
	@exec $(BIN)/python tools/run $(OPTIONS)

check: lint
	HYPOTHESIS_PROFILE=dev $(TRIAL) -j$(JOBS) $(UNIT)

test: $(VENV)/.installed $(VENV)/.test-tools packages
	HYPOTHESIS_PROFILE=ci $(TRIAL) -j$(JOBS) $(TESTS)

# The site of the documentation, in docs/_build/html; a warning is an error.
docs: $(VENV)/.installed $(VENV)/.test-tools
	$(BIN)/python -m sphinx -W --keep-going -q -d docs/_build/doctrees \
		-b html docs docs/_build/html

# Check the links of the documentation to other sites. No part of `make test`, which
# must not fail because another site does.
docs-links: $(VENV)/.installed $(VENV)/.test-tools
	$(BIN)/python -m sphinx -q -d docs/_build/doctrees -b linkcheck docs docs/_build/links

# The documentation as the service shows it at /docs: an archive in the package.
site: docs
	$(BIN)/python tools/pack-site docs/_build/html mocksmtp/web/site.zip

# Kill a service with a file a hundred times under load.
soak: $(VENV)/.installed $(VENV)/.test-tools
	MOCKSMTP_SOAK=100 $(TRIAL) tests.soak

# All that there is: the slow tests, other Pythons, and many more examples.
test-full: test-slow test-pythons
	HYPOTHESIS_PROFILE=full $(TRIAL) -j$(JOBS) $(UNIT) tests.fuzzing

# What `make test` leaves out, because it builds or downloads much.
test-slow: $(VENV)/.installed $(VENV)/.test-tools packages
	HYPOTHESIS_PROFILE=ci $(TRIAL) $(SLOW)

# The tests of one process with each other Python that the project supports.
test-pythons: $(BIN)/python
	@tools/other-pythons $(BIN)/python | while read -r version python; do \
		echo "Python $$version"; \
		"$$python" -m venv .venv-$$version && \
		.venv-$$version/bin/python -m pip --quiet --disable-pip-version-check \
			install $(CONSTRAINTS) '.[test]' && \
		HYPOTHESIS_PROFILE=ci .venv-$$version/bin/python -m twisted.trial \
			-j$(JOBS) $(UNIT) || exit 1; \
	done

# The real mail server and clients that the tests use.
packages:
	@tools/debian-packages postfix libsasl2-modules dnsutils swaks libnet-ssleay-perl \
		curl openssl msmtp iproute2 faketime \
		buildah mmdebstrap runc systemd chromium redis-server

lint: $(VENV)/.installed $(VENV)/.test-tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.test-tools
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# What the DNS is measured with, and against.
bench-packages: packages
	@tools/debian-packages dnsperf nsd

bench: $(VENV)/.installed $(VENV)/.test-tools bench-packages
	$(BIN)/python -m benchmarks $(BENCH)
	$(BIN)/python -m benchmarks.dns

# What is generated in the kits: clients of the API, and the recipes of the cookbook.
kits: $(VENV)/.installed
	mkdir -p build
	$(BIN)/python tools/kit-document > build/kit-openapi.json
	$(BIN)/python tools/kit-recipes node > kits/node/src/recipes.ts
	$(BIN)/python tools/kit-recipes go > kits/go/mocksmtptest/recipes.go
	cd kits/node && npm ci && npm run generate
	cd kits/go && go run \
		github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 \
		-config api/config.yaml -o api/api.go ../../build/kit-openapi.json
	cp build/kit-openapi.json kits/java/openapi.json
	cp mocksmtp/recipes/recipes.json kits/java/src/main/resources/org/mocksmtp/
	$(BIN)/python tools/kit-recipes java > kits/java/src/main/java/org/mocksmtp/Recipes.java

# Of the unit tests, in the workers too; fails below the figure in pyproject.toml.
coverage: $(VENV)/.installed $(VENV)/.test-tools
	$(BIN)/python -m coverage erase
	HYPOTHESIS_PROFILE=dev $(BIN)/python -m coverage run -m twisted.trial \
		-j$(JOBS) $(UNIT)
	$(BIN)/python -m coverage combine
	$(BIN)/python -m coverage report

# build/mocksmtp-image.tar, without a daemon; BASE=debian needs no registry.
image: site
	docker/build-tarball

dist: site
	rm -rf dist
	SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct || echo 315532800)} \
		$(BIN)/python -m build --outdir dist .

# Move the fragments of changelog.d into the section of the version in CHANGELOG.md; a
# version that is not released yet has its section extended.
changelog: $(VENV)/.installed $(VENV)/.test-tools
	$(BIN)/python tools/changelog

# What .github/workflows/release.yml does before it publishes.
release-check: dist
	PYTHON=$(BIN)/python tools/release-check dist

# Images for amd64 and arm64, with bills of materials, in build/images.
images: site
	docker/build-multiarch

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade pip

# Not an editable install: twistd would find its plugin in this folder only.
$(VENV)/.installed: $(BIN)/python setup.cfg setup.py pyproject.toml tests/constraints.txt $(SOURCES)
	$(PIP) install $(CONSTRAINTS) '.[fast]'
	@touch $@

$(VENV)/.test-tools: $(BIN)/python setup.cfg tests/constraints.txt
	$(PIP) install $(CONSTRAINTS) '.[fast,test,dev,docs,bench]'
	@touch $@

clean:
	rm -rf $(VENV) .venv-* docs/_build docs/reference/generated build dist *.egg-info _trial_temp*
