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

from eli5_transformers.compat.registering import registered

AGAIN = """
import importlib, sys
import eli5_transformers as first
importlib.reload(first)
scores = first.attribute(first.bundled_model(), "Great value")[0][0].scores
count = len(sys.meta_path)
for purged in (("eli5_transformers",), ("eli5_transformers", "allennlp"), ("eli5_transformers", "eli5")):
    for name in [name for name in sys.modules if name.split(".")[0] in purged]:
        del sys.modules[name]
    import eli5_transformers as again
    assert again is not first
    assert (again.attribute(again.bundled_model(), "Great value")[0][0].scores == scores).all()
    import eli5
    assert eli5.explain_prediction(again.load_predictor(again.bundled_model()), "Great value").error is None
    assert len(sys.meta_path) == count, "what waits is not doubled"
"""


def test_importing_the_package_again():
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", AGAIN], capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr[-2000:]


RELOADED = """
import importlib, sys
import eli5, eli5_transformers
from eli5_transformers import bundled_model, get_explanation, load_predictor
predictor = load_predictor(bundled_model())
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
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", RELOADED], capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr[-2000:]


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
