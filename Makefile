# Everything begins with scripts/bootstrap, which finds what is missing, installs it or says how, and takes no time when nothing is.
SHELL := /bin/bash
BIN := .venv/bin
# What is linted and typed: the folders that exist of these.
PYTHON_DIRS := $(wildcard bridge services tests bench scripts packaging)
# For example: make test PYTEST_ARGS='-x tests/unit'
PYTEST_ARGS ?= -n auto --dist worksteal
# For example: make test-faults KILLS=50
KILLS ?= 500

.DEFAULT_GOAL := venv
.PHONY: help venv demo addon test test-faults test-nodered test-homeassistant servers lint format bench docs lock lock-upgrade check-ops clean

help:  ## this list
	@sed -nE 's/^([a-z-]+):.*  ## (.*)/make \1\t\2/p' Makefile | expand -t 18

venv:  ## the virtual environment in .venv, from the lock file
	@scripts/bootstrap

demo: venv  ## a broker, simulated receivers and the bridge, in this terminal; Ctrl-C ends it
	@exec $(BIN)/mic2mqtt demo

addon: venv  ## dist/home-assistant-addon: the folder that Home Assistant's Supervisor installs
	$(BIN)/python -m scripts.home_assistant_addon

test: servers lint  ## everything that must hold
	$(BIN)/pytest $(PYTEST_ARGS)

test-faults: servers  ## kill -9 the bridge under load, 500 times (about 20 minutes); KILLS=50 for fewer
	MIC2MQTT_TEST_KILLS=$(KILLS) $(BIN)/pytest tests/faults/test_kills.py

test-nodered:  ## the flow of docs/node-red in a real Node-RED, which is installed in .node-red
	@scripts/bootstrap --node-red
	MIC2MQTT_TEST_NODERED=1 $(BIN)/pytest tests/integration/node_red

test-homeassistant:  ## discovery in two real Home Assistants, which are installed in .home-assistant (some minutes, once)
	@scripts/bootstrap --home-assistant
	MIC2MQTT_TEST_HOMEASSISTANT=1 $(BIN)/pytest tests/integration/home_assistant

servers:  ## mosquitto and PostgreSQL for the tests, installed and not started
	@scripts/bootstrap --servers

lint: venv  ## style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(PYTHON_DIRS)
	$(BIN)/lint-imports

format: venv  ## rewrite what the formatter and the safe fixes of the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: venv  ## measure (under 10 minutes)
	$(BIN)/python -m bench

docs: venv  ## rewrite the tables and documents that are made from the code
	$(BIN)/python scripts/generate_docs.py

lock: ## write the lock files anew from pyproject.toml, keeping the versions that still fit
	scripts/lock

lock-upgrade: ## the same with the newest versions allowed
	scripts/lock --upgrade

check-ops: venv  ## Prometheus, Compose and systemd files, each with its own checker
	scripts/check-ops

clean:  ## forget the virtual environment and every cache
	rm -rf .venv .venv-lock .node-red .home-assistant .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
