"""Stand-ins and views: one importer sees them, nobody else, and using one reaches the real thing."""

import builtins
import pickle
import sys
from types import ModuleType
from typing import Dict, Union

import pytest

from eli5_transformers.compat._imports import (
    DISTRIBUTIONS,
    LazyModule,
    ModuleView,
    lazy_modules,
    lazy_name,
    private_imports,
    view,
)
from eli5_transformers.errors import CompatibilityError, MissingDependencyError


def execute(source, supplied):
    """A module made of `source`, whose imports find `supplied`."""
    module = ModuleType("importer")
    with private_imports(module, supplied):
        exec(source, vars(module))
    return module


def test_an_import_of_a_missing_package_succeeds_and_its_use_names_the_package():
    module = execute(
        "import nowhere_to_be_found as package\nfrom nowhere_to_be_found.inner import thing",
        lazy_modules(["nowhere_to_be_found", "nowhere_to_be_found.inner"]),
    )
    for use in (
        lambda: module.package.anything(),
        lambda: module.thing(),
        lambda: module.thing.attribute,
        lambda: module.thing["item"],
    ):
        with pytest.raises(MissingDependencyError, match="nowhere_to_be_found.*pip install"):
            use()


def test_the_name_that_pip_knows_is_given(monkeypatch):
    monkeypatch.setitem(DISTRIBUTIONS, "nowhere_to_be_found", "nowhere-to-be-found")
    with pytest.raises(MissingDependencyError, match="pip install nowhere-to-be-found"):
        lazy_name("nowhere_to_be_found", "thing")()


def test_the_first_use_reaches_the_installed_package():
    sys.modules.pop("colorsys", None)
    module = execute("import colorsys\nfrom colorsys import rgb_to_hsv", {"colorsys": LazyModule("colorsys")})
    assert "colorsys" not in sys.modules
    assert module.rgb_to_hsv(1.0, 0.0, 0.0) == (0.0, 1.0, 1.0)
    assert module.colorsys.rgb_to_hsv is sys.modules["colorsys"].rgb_to_hsv


def test_asking_for_the_type_of_something_needs_no_package():
    module = execute("import nowhere_to_be_found as package", lazy_modules(["nowhere_to_be_found"]))
    assert not isinstance("text", (module.package.Token, int))


def test_submodules_are_imported_by_dotted_names():
    sys.modules.pop("xml.dom.minidom", None)
    supplied = {name: LazyModule(name) for name in ("xml", "xml.dom", "xml.dom.minidom")}
    supplied["xml"].__dict__["children"]["dom"] = supplied["xml.dom"]
    supplied["xml.dom"].__dict__["children"]["minidom"] = supplied["xml.dom.minidom"]
    module = execute("import xml.dom.minidom as dom", supplied)
    assert module.dom.parseString("<a/>").documentElement.tagName == "a"


def test_a_package_that_is_imported_already_is_not_stood_in_for():
    import xml

    assert xml in sys.modules.values()
    assert lazy_modules(["xml", "xml.etree.never_imported"]).keys() == {"xml.etree.never_imported"}
    sys.modules.pop("xml.sax", None)
    # Neither is its submodule: `import xml.sax` asks the real package for it.
    assert lazy_modules(["xml", "xml.sax"]) == {}


def test_a_stand_in_serves_in_annotations_and_isinstance():
    name = lazy_name("nowhere_to_be_found", "Token")
    assert Union[name, int]
    assert Dict[str, name]
    assert not isinstance(3, name)
    assert issubclass(type("Derived", (name,), {}), name)


def test_isinstance_is_the_real_one_once_the_package_is_imported():
    import fractions

    name = lazy_name("fractions", "Fraction")
    assert isinstance(fractions.Fraction(1, 2), name)
    assert not isinstance(1, name)


def test_a_name_that_the_installed_release_lacks_is_named():
    with pytest.raises(CompatibilityError, match="needs NoSuchName of json"):
        lazy_name("json", "NoSuchName")()


def test_the_importer_alone_sees_a_stand_in():
    module = execute(
        "import json\nimport nowhere_to_be_found", {"nowhere_to_be_found": LazyModule("nowhere_to_be_found")}
    )
    assert "nowhere_to_be_found" not in sys.modules
    assert module.json is sys.modules["json"]
    assert vars(module)["__builtins__"] is vars(builtins)
    with pytest.raises(ModuleNotFoundError):
        import nowhere_to_be_found  # noqa: F401


def test_functions_of_the_importer_import_for_real_afterwards():
    module = execute(
        "import colorsys\ndef later():\n    import colorsys\n    return colorsys",
        {"colorsys": LazyModule("colorsys")},
    )
    assert module.later() is sys.modules["colorsys"]


def test_an_importer_that_fails_is_restored():
    module = ModuleType("importer")
    supplied = {"nowhere_to_be_found": LazyModule("nowhere_to_be_found")}
    with pytest.raises(ZeroDivisionError), private_imports(module, supplied):
        exec("import nowhere_to_be_found\n1 / 0", vars(module))
    assert vars(module)["__builtins__"] is vars(builtins)
    assert not supplied["nowhere_to_be_found"].__dict__["open"]


def test_an_importer_that_does_not_import_what_was_expected_is_refused():
    with pytest.raises(CompatibilityError, match="importer was expected to import nowhere"):
        execute("x = 1", {"nowhere": LazyModule("nowhere")})


def test_a_view_replaces_one_name_and_leaves_the_module_alone():
    import math
    import os

    seen = view(os, "path.sep", "|")
    assert seen.path.sep == "|"
    assert os.path.sep != "|"
    assert seen.path.join is os.path.join
    assert isinstance(view(math, "pi", 3), ModuleView)


def test_an_importer_keeps_the_real_module_and_what_it_took_from_the_view():
    import math

    module = execute("import math\nclass Circle:\n    pi = math.pi", {"math": view(math, "pi", 3)})
    assert module.math is math
    assert module.Circle.pi == 3


def test_what_a_view_gives_can_be_pickled():
    import collections

    seen = view(collections, "abc", None)
    assert pickle.loads(pickle.dumps(seen.OrderedDict(a=1))) == {"a": 1}
