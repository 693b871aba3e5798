"""Peak memory of long texts, each setting in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .timing import table

_CHILD = """
import os, pathlib, sys, threading, time
from benchmarks import shapes
from eli5_transformers.interpreters import make

def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

predictor = shapes.ours(pathlib.Path(sys.argv[1]))
size = int(sys.argv[3]) or None
make(predictor, "gradient-x-input").attribute([{"sentence": shapes.text(8)}])
before, seen, done = held(), [0.0], threading.Event()

def watch():
    while not done.is_set():
        seen[0] = max(seen[0], held())
        time.sleep(0.002)

watcher = threading.Thread(target=watch)
watcher.start()
made = make(predictor, "integrated-gradients", n_steps=20, internal_batch_size=size)
made.attribute([{"sentence": shapes.text(int(sys.argv[2]))}])
done.set()
watcher.join()
print(seen[0] - before)
"""


def peak(folder: Path, tokens: int, sizes: tuple) -> None:
    """Memory above that of the loaded model, for the default and for chosen numbers of rows."""
    rows = []
    for size in sizes:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _CHILD, str(folder), str(tokens), str(size)],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent.parent,
        )
        rows.append([size or "default", f"{float(done.stdout.split()[-1]):.0f}"])
    table(
        f"Peak memory of integrated gradients, 20 nodes, {tokens} tokens",
        ["internal_batch_size", "MB above the loaded model"],
        rows,
    )
