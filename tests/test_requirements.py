"""What is imported is required, and what is used of eli5 beside its documented interface is there."""

import ast
import configparser
import inspect
import re
import sys
from importlib import import_module, metadata
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "eli5_transformers"
SETUP = PACKAGE.parent / "setup.cfg"
IMPORTED_AS = {"attrs": "attr"}
# Looked for at run time, for words that matplotlib before 3.11 cannot shape, and for tables; a message names them.
OPTIONAL = {"arabic_reshaper", "bidi", "pandas"}
# Installed without its requirements where these cannot be resolved (Python >= 3.11), so these are listed themselves.
NEEDED_BY_ALLENNLP = {"jsonnet", "dill", "base58"}


def imported(source):
    """The top-level packages that a module imports, wherever it does so."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names)


def required(section, option=None):
    """The packages that setup.cfg names there, as they are imported, without those for tests and tools."""
    config = configparser.ConfigParser()
    config.read(SETUP)
    options = [option] if option else [name for name in config[section] if name not in ("test", "check", "docs")]
    lines = [line for name in options for line in config[section][name].splitlines() if line and line[0] != "#"]
    names = {re.split(r"[\s<>=!;\[]", line, maxsplit=1)[0] for line in lines}
    return {IMPORTED_AS.get(name, name.replace("-", "_")) for name in names} - {PACKAGE.name}


def all_imports():
    return set.union(*(imported(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")))


def test_the_probe_sees_imports_wherever_they_stand():
    source = "import a.b, os\ndef f():\n    from c.d import e\n    from .f import g\nif 1:\n    import h as i"
    assert imported(source) == {"a", "c", "h"}


def test_what_is_imported_is_required_or_an_extra():
    known = required("options", "install_requires") | required("options.extras_require") | OPTIONAL
    assert all_imports() - known == set()


def test_what_is_required_is_imported():
    assert required("options", "install_requires") - all_imports() == NEEDED_BY_ALLENNLP


PRIVATE = {
    "eli5._feature_weights.get_top_features": ["feature_names", "coef", "top", "x"],
    "eli5.formatters.features.FormattedFeatureName": ["value"],
    "eli5.formatters.text_helpers.prepare_weighted_spans": ["targets", "preserve_density"],
    "eli5.formatters.html.format_as_html": [
        "explanation", "include_styles", "force_weights", "show", "preserve_density", "highlight_spaces",
        "horizontal_layout", "show_feature_values",
    ],
    "eli5.formatters.html": None,
    "eli5.formatters.text.format_as_text": ["expl", "show", "highlight_spaces", "show_feature_values"],
    "eli5.formatters.text": None,
    "eli5.formatters.fields": None,
}  # fmt: skip
"""What is used of eli5 beside `eli5` and `eli5.base`, with its arguments."""


def test_no_other_private_part_of_eli5_is_used():
    used = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("eli5.") and not node.level:
                used |= {f"{node.module}.{alias.name}" for alias in node.names if node.module != "eli5.base"}
    assert used == set(PRIVATE)


OF_THE_FORMATTERS = {
    "eli5.formatters.html.template_env": None,
    "eli5.formatters.html.render_targets_weighted_spans": ["targets", "preserve_density"],
    "eli5.formatters.utils.format_value": ["value"],
}
"""What explanations/label_text.py wraps of them."""


@pytest.mark.parametrize("name", [*PRIVATE, *OF_THE_FORMATTERS])
def test_a_private_part_of_eli5_is_there_as_it_is_called(name):
    module, attribute = name.rsplit(".", 1)
    found, arguments = getattr(import_module(module), attribute), {**PRIVATE, **OF_THE_FORMATTERS}[name]
    assert arguments is None or list(inspect.signature(found).parameters) == arguments


def test_eli5s_formatters_show_values_and_names_by_those():
    from eli5.formatters import html, text, utils

    own = [html.template_env.filters["format_value"], text.format_value, utils.format_value]
    assert {inspect.unwrap(one) for one in own} == {utils.format_value}
    assert "render_targets_weighted_spans(" in inspect.getsource(html.format_as_html)


def test_eli5_is_a_release_that_these_were_checked_with():
    assert metadata.version("eli5").split(".")[:2] == ["0", "16"]
    assert "eli5>=0.16,<0.17" in SETUP.read_text(encoding="utf-8")
