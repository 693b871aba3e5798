"""A worker that was started anew explains what it is sent: a pipeline, a model, a predictor.

eli5 has no entry points, and a pickled pipeline names transformers alone: in a worker of joblib, or of multiprocessing by
"spawn", nobody had registered anything with eli5, which answered that it does not support a pipeline. In the process of
the tests everything is registered.
"""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent

SCRIPT = """
import sys

def explain(estimator, text, **options):
    import eli5
    explained = eli5.explain_prediction(estimator, text, **options)
    return explained.error or explained.targets[0].proba

if __name__ == "__main__":
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    import eli5_transformers
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline
    folder, kinds = sys.argv[1:]
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer)
    text = "a good film, really"
    spawn, forkserver = map(multiprocessing.get_context, ("spawn", "forkserver"))
    found = {}
    if kinds == "predictor":
        predictor = eli5_transformers.load_predictor(folder)
        with spawn.Pool(1) as pool:
            found["predictor"] = pool.apply(explain, (predictor, text))
    else:
        with spawn.Pool(1) as pool:
            found["pipeline"] = pool.apply(explain, (classify, text))
        with ProcessPoolExecutor(1, mp_context=forkserver) as pool:
            found["model"] = pool.submit(explain, model, text, tokenizer=tokenizer).result()
        try:
            from joblib import Parallel, delayed
        except ImportError:
            pass
        else:
            found["joblib"], _ = Parallel(n_jobs=2)(delayed(explain)(classify, one) for one in (text, text))
    here = explain(classify, text)
    assert isinstance(here, float), here
    for place, probability in found.items():
        assert isinstance(probability, float) and abs(probability - here) < 1e-5, (place, probability, here)
"""


@pytest.mark.parametrize("kinds", ["pipeline and model", "predictor"])
def test_a_worker_explains_what_it_is_sent(tmp_path, stars_checkpoint, kinds):
    """A predictor brings its registration along, also where Python reads no file beside the packages (`-S`)."""
    script = tmp_path / "explaining.py"
    script.write_text(SCRIPT)
    paths, flags = [tmp_path, TESTS.parent, os.environ.get("PYTHONPATH", "")], ["-W", "ignore"]
    if kinds == "predictor":
        paths.append(sysconfig.get_path("purelib"))
        flags.append("-S")
    else:
        # As an installed package's: Python reads the .pth files of site-packages at every start.
        (tmp_path / "sitecustomize.py").write_text("import _eli5_transformers_bootstrap\n")
        paths.insert(1, TESTS.parent / "bootstrap")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(path) for path in paths if str(path))}
    ran = subprocess.run(
        [sys.executable, *flags, str(script), str(stars_checkpoint), kinds],
        capture_output=True, text=True, timeout=500, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
