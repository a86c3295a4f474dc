# dingbridge: every target sets up what it needs by itself, in the project's own .venv.

PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
RUN := $(BIN)/python
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: install demo test coverage lint types doc bench soak fuzz all help
N ?= 100
SECONDS ?= 60

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(RUN) -m tests.commonmark
	@touch $(READY)

install: $(READY) ## make .venv and install the project and its tools into it

demo: $(READY) ## chat with a DingTalk on this machine; without a terminal, play a conversation
	@$(RUN) -m dingbridge.cli demo

test: $(READY) ## run all tests
	$(RUN) -m pytest -n 3

coverage: $(READY) ## run all tests, slower, and measure the branches they cover
	$(RUN) -m pytest -n 3 --cov --cov-report=term --cov-fail-under=90

lint: $(READY) ## check the style of the code
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: $(READY) ## check the types
	$(RUN) -m mypy

doc: $(READY) ## write the generated tables into README, help and Lua
	$(RUN) -m dingbridge.reference

bench: $(READY) ## measure speed and cost beside the official SDK and bare clients
	$(RUN) -m tests.bench

soak: $(READY) ## play N random histories of faults and kills with real processes (N=100)
	$(RUN) -m tests.faults.soak $(N)

fuzz: $(READY) ## feed broken bytes to everything that reads them, for SECONDS (60)
	$(RUN) -m tests.fuzz $(SECONDS)

all: lint types test ## everything that must be green

help: ## show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18
