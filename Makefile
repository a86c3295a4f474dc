# dingbridge: every target sets up what it needs by itself, in the project's own .venv.

VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
RUN := $(BIN)/python

# The first that runs: the shim of a version manager may stand for nothing. One that is too old
# hands over to a newer one on the PATH. PYTHON=... is taken as it is.
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python3.10 /usr/bin/python3 python
FOUND = $(shell for each in $(CANDIDATES); do "$$each" -c '' >/dev/null 2>&1 && echo "$$each" && break; done)
NONE = $(error Python 3.10 or newer is needed, and there is none on the PATH)
ifdef PYTHON
INSTALL = @"$(PYTHON)" dingbridge/launch.py install "$(CURDIR)" --exactly
else
INSTALL = @$(or $(FOUND),$(NONE)) dingbridge/launch.py install "$(CURDIR)"
endif

.DEFAULT_GOAL := help
.PHONY: install dev demo test check-browser coverage lint types doc bench soak steps fuzz matrix screens all help
N ?= 100
STEPS ?= 1000
SECONDS ?= 60
ONLY ?=
WITH ?=
PARALLEL := -n 4 --dist worksteal

install: ## make .venv with what the plugin needs (WITH="images sandbox" for more)
	$(INSTALL) $(WITH)

dev: ## make .venv with all that working on the project needs; the targets below do it themselves
	$(INSTALL) dev

demo: ## chat with a DingTalk on this machine; without a terminal, play a conversation
	$(INSTALL) demo
	@$(BIN)/dingbridge demo

test: dev ## run all tests
	$(RUN) -m pytest $(PARALLEL)

check-browser: ## try the page of the sandbox in Chromium; pictures stay in build/screenshots
	$(INSTALL) dev browser
	DINGBRIDGE_SCREENSHOTS=build/screenshots $(RUN) -m pytest -n 2 $(or $(ONLY),tests/browser)

coverage: dev ## run all tests, slower, and measure the branches they cover
	$(RUN) -m pytest $(PARALLEL) --cov --cov-report=term --cov-fail-under=90

lint: dev ## check the style of the code, the names in the Lua, and the wording of documents and comments
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m tests.lint

types: dev ## check the types
	$(RUN) -m mypy

doc: dev ## write the tables of the documents, the help made from them, and the Lua declarations
	cd doc && ../$(RUN) -m docgen

bench: dev ## measure speed and cost beside the official SDK and bare clients
	$(RUN) -m tests.bench

soak: dev ## play N random histories of faults and kills with real processes (N=100)
	$(RUN) -m tests.faults.soak $(N)

steps: dev ## play N random histories with kills between any two steps of a message (STEPS=1000)
	$(RUN) -m tests.faults.path $(STEPS)

fuzz: dev ## feed broken bytes to everything that reads them, for SECONDS (60)
	$(RUN) -m tests.fuzz $(SECONDS)

matrix: dev ## run the tests on the oldest and newest Neovim and CPython, as root (ONLY="trixie 3.10")
	$(RUN) -m tests.matrix $(ONLY)

screens: dev ## take the pictures of the documents anew, in xterm on a screen that nobody sees
	$(RUN) -m tests.screens

all: lint types test ## everything that must be green

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22
