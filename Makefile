# Two commands do everything: `make course` and `make test`. Each command below sets up
# what it needs; the environment is made once and re-used until requirements.txt changes.

PYTHON ?= python3
PIP_ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

BUILD_BOOK := $(BIN)/jupyter-book build book/ --config _config.yml --path-output . \
	-W -n --keep-going

.DEFAULT_GOAL := help
.PHONY: help setup course test lint book lab release demo grade report bench clean

help: ## Show this help
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:[^#]*## /|/' | \
		awk -F'|' '{printf "  make %-9s %s\n", $$1, $$2}'

course: setup book ## Do it all: book, notebooks, and a demonstration class, graded
	@$(BIN)/attn-course demo
	@$(BIN)/attn-course grade --unsandboxed demonstration; found=$$?; \
		$(BIN)/attn-course report; exit $$found
	@echo "The book           _build/html/index.html"
	@echo "Student notebooks  notebooks/          (make lab opens them)"
	@echo "Feedback           _grading/feedback/  one page for each submission"
	@echo "Gradebook          _grading/gradebook.db"

test: setup lint release ## Lint, then unit, exercise, book and end-to-end tests
	@$(BIN)/pytest -n logical --dist loadfile

lint: setup
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

book: setup release ## Build the book into _build/html
	@$(BUILD_BOOK)

lab: setup release ## Open JupyterLab on the student notebooks
	@$(BIN)/jupyter lab notebooks --ip=127.0.0.1

release: setup ## Build the student notebooks; ASSIGNMENT=… for one of them
	@$(BIN)/attn-course release $(ASSIGNMENT)

grade: setup ## Grade what was handed in; ASSIGNMENT=… for one assignment
	@$(BIN)/attn-course grade $(ASSIGNMENT); found=$$?; \
		$(BIN)/attn-course report $(ASSIGNMENT); exit $$found

bench: setup ## Print what the benchmarks measure
	@for script in benchmarks/*.py; do $(BIN)/python $$script; done

clean: ## Remove what was built; keeps the environment, what was handed in, and scores
	rm -rf _build _grading/autograded _grading/feedback _grading/source_with_tests
	rm -rf _grading/released _grading/journal.json
	find solutions \( -name '*.ipynb' -o -name '*.json' \) -delete
	find attn_course solutions tests book benchmarks -name __pycache__ \
		-prune -exec rm -rf {} +

# The environment is right when it was made here, and from the pins there are.
setup:
	@{ pwd; cat requirements.txt; } | cmp -s - $(VENV)/made-from.txt || \
		$(MAKE) --no-print-directory $(VENV)

.PHONY: $(VENV)
$(VENV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed: make PYTHON=python3.12 …"; exit 1; }
	@echo "Making $(VENV) from requirements.txt (a few minutes, once)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check $(PIP_ARGS) \
		-r requirements.txt
	@# JupyterLab would ask about news and look for updates on another host.
	@$(BIN)/jupyter labextension disable "@jupyterlab/apputils-extension:announcements" \
		2>/dev/null
	@{ pwd; cat requirements.txt; } > $(VENV)/made-from.txt
