"""Runs the scenarios of all patches, and for those that this stack needs once more without the patch.

    python scenario_runner.py CHECKPOINT REVIEWS SCRATCH

prints a JSON object: by `with` and `without`, for each patch, null or the error. What runs without a patch runs in a
process of its own, forked from one that has torch and transformers imported and AllenNLP not: a second, not ten.
"""

import json
import os
import sys
import traceback
import warnings
from pathlib import Path


def install_all_but(name=None):
    """Put the patches that this stack needs in wait, but for one."""
    from eli5_transformers.compat._finder import PatchingFinder
    from eli5_transformers.compat._stack import Stack
    from eli5_transformers.compat.patches.all import needed_patches

    patches = [patch for patch in needed_patches(Stack.installed()) if patch.name != name]
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, PatchingFinder)]
    if patches:
        sys.meta_path.insert(0, PatchingFinder(patches))


def outcome(name, material):
    """Run one scenario; None, or the types and texts of its errors."""
    from patch_scenarios import SCENARIOS

    material.scratch.mkdir(parents=True)
    try:
        SCENARIOS[name][0](material)
    except BaseException as error:
        chain = [error, error.__cause__, error.__context__]
        return "\n".join(f"{type(one).__name__}: {one}" for one in chain if one is not None)
    return None


def forked(function):
    """What `function` returns in a forked process, which keeps this one as it is."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reading)
            with os.fdopen(writing, "w", encoding="utf-8") as pipe:
                json.dump(function(), pipe)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return json.loads(answer)


def main():
    warnings.simplefilter("ignore")
    import torch
    import transformers
    from patch_scenarios import SCENARIOS, Material
    from transformers import AutoModel, AutoTokenizer, BertModel  # noqa: F401

    from eli5_transformers.compat._stack import Stack
    from eli5_transformers.compat.patches.all import needed_patches

    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    checkpoint, reviews, scratch = map(Path, sys.argv[1:4])

    def run_all():
        install_all_but(None)
        return {name: outcome(name, Material(checkpoint, reviews, scratch / "with" / name)) for name in SCENARIOS}

    def run_without(name):
        install_all_but(name)
        return outcome(name, Material(checkpoint, reviews, scratch / "without" / name))

    needed = [patch.name for patch in needed_patches(Stack.installed())]
    outcomes = {
        "with": forked(run_all),
        "without": {name: forked(lambda name=name: run_without(name)) for name in needed},
    }
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main()
