"""The package may be taken out of `sys.modules` and imported again, as reloaders and test tools do.

What an earlier import had put in wait was known by its class, which is another object then, and AllenNLP's registries
refused our own names as taken: the import raised, and said that AllenNLP had come too early. One import a process sees
nothing of it.
"""

import subprocess
import sys

import pytest
from allennlp.common import Registrable
from allennlp.common.checks import ConfigurationError

from demo_model import checkpoint_path
from eli5_transformers.compat.registering import registered


def run(script):
    """Runs the script in a fresh interpreter, with the demonstration model's folder as its argument."""
    command = [sys.executable, "-W", "ignore", "-c", script, str(checkpoint_path())]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr[-2000:]


AGAIN = """
import importlib, sys
model = sys.argv[1]
import eli5_transformers as first
importlib.reload(first)
scores = first.attribute(model, "Great value")[0][0].scores
count = len(sys.meta_path)
for purged in (("eli5_transformers",), ("eli5_transformers", "allennlp"), ("eli5_transformers", "eli5")):
    for name in [name for name in sys.modules if name.split(".")[0] in purged]:
        del sys.modules[name]
    import eli5_transformers as again
    assert again is not first
    assert (again.attribute(model, "Great value")[0][0].scores == scores).all()
    import eli5
    assert eli5.explain_prediction(again.load_predictor(model), "Great value").error is None
    assert len(sys.meta_path) == count, "what waits is not doubled"
"""


def test_importing_the_package_again():
    run(AGAIN)


RELOADED = """
import importlib, sys
import eli5, eli5_transformers
from eli5_transformers import get_explanation, load_predictor
predictor = load_predictor(sys.argv[1])
names = ["<i>one</i>", "two", "three", "four", "five"]
explained = get_explanation(predictor, "Great value", targets=[0], target_names=names)
for name in ("eli5", "eli5.explain", "eli5.formatters.html", "eli5.formatters.text",
             "eli5_transformers.explanations.label_text", "eli5_transformers"):
    importlib.reload(sys.modules[name])
    assert eli5.explain_prediction(predictor, "Great value").error is None, name
    again = get_explanation(predictor, "Great value", targets=[0], target_names=names)
    for one in (explained, again):
        assert "<i>" not in sys.modules["eli5.formatters.html"].format_as_html(one), name
"""


def test_reloading_eli5_keeps_what_is_registered_and_escaped():
    run(RELOADED)


TAKEN_OUT = """
import importlib, sys
import eli5, eli5_transformers
from eli5_transformers import errors, explanation_from_json, explanation_page, explanation_to_json
from eli5_transformers import get_explanation, load_predictor

def take_out(*packages):
    for name in [name for name in sys.modules if name.split(".")[0] in packages]:
        del sys.modules[name]

def said(kind, do):
    try:
        do()
    except kind as error:
        return str(error)
    raise AssertionError("it must be refused")

model, names = sys.argv[1], ["<i>one</i>", "two", "three", "four", "five"]
predictor = load_predictor(model)
explained = get_explanation(predictor, "Great value", targets=[0], target_names=names)
take_out("eli5")
import eli5
for again in (get_explanation(predictor, "Great value", targets=[0], target_names=names),
              eli5.explain_prediction(predictor, "Great value", targets=[0], target_names=names)):
    assert type(again) is eli5.base.Explanation
    assert "&lt;i&gt;" in eli5.format_as_html(again) and "<i>" not in eli5.format_as_html(again)
    assert "<i>one" in eli5.format_as_text(again)
    assert set(eli5.format_as_dataframe(again)["target"]) == {"<i>one</i>"}
    assert explanation_from_json(explanation_to_json(again)) == again
    assert "Great" in explanation_page(again, title="")
assert "explain the text again" in said(errors.ExplanationError, lambda: explanation_to_json(explained))
assert "explain the text again" in said(errors.InputError, lambda: explanation_page(explained, title=""))

take_out("allennlp")
for source in (model, predictor):
    assert "take eli5_transformers out" in said(errors.CompatibilityError, lambda: get_explanation(source, "Great value"))
take_out("eli5_transformers")
import eli5_transformers
from eli5_transformers import errors
assert "load it again" in said(errors.SourceError, lambda: eli5_transformers.get_explanation(predictor, "Great value"))
assert eli5_transformers.get_explanation(model, "Great value").error is None
"""


def test_a_host_that_is_taken_out_alone_and_imported_again():
    # What was bound to the earlier eli5 made explanations that the new one's formatters failed on with an AttributeError;
    # with an AllenNLP of its own each, a predictor was said to be none.
    run(TAKEN_OUT)


def test_a_name_that_another_has_registered_stays_taken():
    class Base(Registrable):
        pass

    @Base.register("name")
    class Other(Base):
        pass

    with pytest.raises(ConfigurationError):

        @registered(Base, "name")
        class Own(Base):
            pass

    assert Base.by_name("name") is Other
