"""A worker that was started anew explains what it is sent: a pipeline, a model, a predictor.

eli5 has no entry points, and a pickled pipeline names transformers alone: in a worker of joblib, or of multiprocessing by
"spawn", nobody had registered anything with eli5, which answered that it does not support a pipeline. In the process of
the tests everything is registered.
"""

import os
import subprocess
import sys
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
    folder, kind = sys.argv[1:]
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    classify, options = {
        "pipeline": (pipeline("text-classification", model=model, tokenizer=tokenizer), {}),
        "model": (model, {"tokenizer": tokenizer}),
        "predictor": (eli5_transformers.load_predictor(folder), {}),
    }[kind]
    text = "a good film, really"
    here = explain(classify, text, **options)
    assert isinstance(here, float), here
    found = {}
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found["spawn"] = pool.apply(explain, (classify, text), options)
    if kind == "pipeline":
        context = multiprocessing.get_context("forkserver")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            found["executor"] = pool.submit(explain, classify, text, **options).result()
        try:
            from joblib import Parallel, delayed
        except ImportError:
            pass
        else:
            found["joblib"], _ = Parallel(n_jobs=2)(delayed(explain)(classify, one, **options) for one in (text, text))
    for place, probability in found.items():
        assert isinstance(probability, float) and abs(probability - here) < 1e-5, (place, probability, here)
"""


@pytest.mark.parametrize("kind", ["pipeline", "model", "predictor"])
def test_a_worker_explains_what_it_is_sent(tmp_path, stars_checkpoint, kind):
    script = tmp_path / "explaining.py"
    script.write_text(SCRIPT)
    # As an installed package's: Python reads the .pth files of site-packages at every start.
    (tmp_path / "sitecustomize.py").write_text("import _eli5_transformers_bootstrap\n")
    paths = [tmp_path, TESTS.parent / "bootstrap", TESTS.parent, os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(path) for path in paths if str(path))}
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), str(stars_checkpoint), kind],
        capture_output=True, text=True, timeout=500, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
