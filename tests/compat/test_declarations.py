"""What every patch declares about itself."""

import re
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest
from patch_scenarios import SCENARIOS

from eli5_transformers.compat._stack import Stack
from eli5_transformers.compat.patches.all import PATCHES, needed_patches
from eli5_transformers.errors import CompatibilityError

STOCK = Stack(python=(3, 10, 13), torch=(1, 12, 1), transformers=(4, 20, 1), huggingface_hub=(0, 10, 1))
CURRENT = Stack(python=(3, 13, 0), torch=(2, 13, 0), transformers=(5, 23, 0), huggingface_hub=(2, 4, 0))
ALLENNLP = Path(find_spec("allennlp").origin).parent

FOR_A_MISSING_PACKAGE = ("files_without_cached_path", "spelling_suggestion")
"""Whether cached-path and nltk are installed is not a matter of releases."""

every_patch = pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)


@every_patch
def test_a_patch_says_why_it_is_there(patch):
    assert len(patch.reason) > 80


@every_patch
def test_a_patch_points_at_existing_lines_of_allennlp(patch):
    places = re.findall(r"([\w/]+\.py):([\d,-]+)", patch.reason)
    assert places
    for file, lines in places:
        length = len((ALLENNLP / file).read_text(encoding="utf-8").splitlines())
        assert all(0 < int(line) <= length for line in re.findall(r"\d+", lines)), f"{file}:{lines}"


@every_patch
def test_a_patch_names_the_release_that_caused_it(patch):
    assert re.fullmatch(r"(Python|torch|transformers|huggingface_hub) \d+\.\d+(\.\d+)?", patch.cause)


@every_patch
def test_a_patch_is_for_the_current_stack_and_not_for_the_pinned_one(patch):
    assert patch.needed(CURRENT) or patch.name in FOR_A_MISSING_PACKAGE
    assert not patch.needed(STOCK)


@every_patch
def test_a_patch_is_needed_from_the_release_on_that_caused_it(patch):
    package, number = patch.cause.split()
    caused = tuple(int(part) for part in number.split("."))
    before = {
        "Python": {"python": (3, 10)},
        "torch": {"torch": (caused[0] - 1, 99)},
        "transformers": {"transformers": (caused[0] - 1, 99) if caused[1] == 0 else (caused[0], caused[1] - 2)},
        "huggingface_hub": {"huggingface_hub": (0, 99)},
    }[package]
    if package == "Python" and len(caused) < 3:
        # These stand for "installed without AllenNLP's pins", which Python 3.11 made the only way.
        return
    values = {field: getattr(CURRENT, field) for field in ("python", "torch", "transformers", "huggingface_hub")}
    assert not patch.needed(Stack(**{**values, **before}))
    assert patch.needed(Stack(**{**values, package.lower(): caused}))


@every_patch
def test_a_patch_has_a_scenario_that_shows_it_is_still_needed(patch):
    assert patch.name in SCENARIOS


def test_no_scenario_is_left_of_a_patch_that_is_gone():
    assert set(SCENARIOS) == {patch.name for patch in PATCHES}


@every_patch
def test_a_patch_does_one_thing_and_checks_what_it_finds(patch):
    assert (patch.mend is None) != (patch.supply is None)
    if patch.mend is not None:
        assert patch.expects
        assert len(patch.modules) == 1


@pytest.mark.parametrize("patch", [patch for patch in PATCHES if patch.mend], ids=lambda patch: patch.name)
def test_a_patch_refuses_a_module_that_it_is_not_for(patch):
    with pytest.raises(CompatibilityError, match=f"the patch '{patch.name}' expects"):
        patch.check(ModuleType(patch.modules[0]))


def test_a_patch_refuses_a_function_of_another_signature():
    patch = next(patch for patch in PATCHES if patch.name == "device_number")
    module = ModuleType(patch.modules[0])
    module.int_to_device = lambda device, index: None
    with pytest.raises(CompatibilityError, match="to take device, but here it takes \\(device, index\\)"):
        patch.check(module)


def test_the_pinned_stack_needs_no_patch():
    assert STOCK.pinned
    assert needed_patches(STOCK) == ()


def test_names_are_unique():
    assert len({patch.name for patch in PATCHES}) == len(PATCHES)
