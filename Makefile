# `make run` needs Python only; `make test` installs what else the tests use.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
CONSTRAINTS := --constraint tests/constraints.txt
SOURCES := $(shell find mocksmtp twisted -name '*.py' -o -name py.typed)
TESTS ?= tests

.PHONY: run test packages bench-packages lint format bench coverage image dist clean

run: $(VENV)/.installed
	@tools/try-this &
	@exec $(BIN)/twistd --nodaemon --pidfile= mocksmtp $(OPTIONS)

test: $(VENV)/.installed $(VENV)/.test-tools packages
	$(BIN)/python -m twisted.trial $(TESTS)

# The real mail server and clients that the tests use.
packages:
	@tools/debian-packages postfix libsasl2-modules dnsutils swaks libnet-ssleay-perl \
		curl openssl msmtp iproute2 \
		buildah mmdebstrap runc systemd

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

coverage: $(VENV)/.installed $(VENV)/.test-tools packages
	$(BIN)/python -m coverage run -m twisted.trial $(TESTS)
	$(BIN)/python -m coverage combine
	$(BIN)/python -m coverage report

# build/mocksmtp-image.tar, without a daemon; BASE=debian needs no registry.
image: $(VENV)/.test-tools
	docker/build-tarball

dist: $(VENV)/.test-tools
	$(BIN)/python -m build --outdir dist .

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade pip

# Not an editable install: twistd would find its plugin in this folder only.
$(VENV)/.installed: $(BIN)/python setup.cfg pyproject.toml tests/constraints.txt $(SOURCES)
	$(PIP) install $(CONSTRAINTS) .
	@touch $@

$(VENV)/.test-tools: $(BIN)/python setup.cfg tests/constraints.txt
	$(PIP) install $(CONSTRAINTS) '.[test,dev,bench]'
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info _trial_temp*
