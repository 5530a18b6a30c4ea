# make app    start the web app (PORT=7860); make test, make lint, make bench, make clean; each does its own set-up.
# The tests run in one process more than there are processors, up to four; ARGS="-n 0 FILE" runs a file in one.
# DATA is one data set for the app's Errors tab (SPLIT=test: only that part of it), and for the tests the folder with all
# of them; tests that need it skip without it. MAPS="name:folder; name:folder" are maps that other programs wrote for the
# data set: the Errors tab shows them beside the models.
PYTHON ?= python3
PORT ?= 7860
DATA ?=
SPLIT ?=
MAPS ?=
VENV := .venv
PIP := $(VENV)/bin/python -m pip --quiet --disable-pip-version-check

.PHONY: app test lint bench clean
.DELETE_ON_ERROR:

app: $(VENV)/.runs
	@SALIENCY_DATASET="$(DATA)" SALIENCY_SPLIT="$(SPLIT)" SALIENCY_MAPS="$(MAPS)" \
		$(VENV)/bin/python -m saliency app --port $(PORT)

test: $(VENV)/.tests
	@SALIENCY_DATA="$(or $(DATA),../shared/data)" $(VENV)/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

lint: $(VENV)/.tests
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@find saliency/ui -name "*.pyi" -delete  # stubs that Gradio wrote, perhaps of an older state
	@$(VENV)/bin/mypy

bench: $(VENV)/.runs
	@$(VENV)/bin/python -m saliency.benchmark $(ARGS)

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp file is newer than the requirements it stands for, so a second call does nothing.
$(VENV)/.runs: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what running needs into $(VENV) (once, a few minutes) ..."
	@$(PIP) install -r requirements.txt
	@$(PIP) install --no-deps --editable .
	@touch $@

$(VENV)/.tests: requirements-dev.txt $(VENV)/.runs
	@echo "Installing what the tests need into $(VENV) ..."
	@$(PIP) install -r requirements-dev.txt
	@touch $@

$(VENV)/bin/python:
	@command -v $(PYTHON) > /dev/null || { echo "Python 3.11 or newer is needed, and $(PYTHON) was not found."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, and $(PYTHON) is older: say which to use, e.g. make PYTHON=python3.11 app."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "The environment could not be made; on Debian and Ubuntu: apt-get install python3-venv."; exit 1; }
