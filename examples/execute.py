"""Runs the notebooks of this folder and stores what they show.

    python examples/execute.py                 all of them
    python examples/execute.py pairs.ipynb     those that are named

What differs from run to run and from machine to machine is left out: times, progress bars, the kernel's release. The
tests run the same functions, so that what is stored here is what a reader gets.
"""

import json
import os
import re
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent
KERNEL = "python3"
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",  # what transformers 4.20 reads instead
    "TOKENIZERS_PARALLELISM": "false",
}
_PROGRESS = re.compile(r"\d+%\||\dit/s|it/s\]")
_PATH = re.compile(r"(?<![\w.:/])/(?:home|Users|root|tmp|var|opt|mnt|usr|work)/[\w./-]+|\b[A-Za-z]:\\\w[\w.\\-]*")


def notebooks() -> List[Path]:
    """All notebooks of the folder, by name."""
    return sorted(FOLDER.glob("*.ipynb"))


def run(path: Path, timeout: int = 300, startup: str = "") -> Any:
    """The notebook, run in its folder by a kernel of this Python, and stripped of what is accidental.

    `startup` is code that the kernel runs first. Raises nbclient's CellExecutionError for a cell that fails.
    """
    notebook = nbformat.read(path, as_version=4)
    with _own_kernel(startup):
        client = NotebookClient(
            notebook, timeout=timeout, kernel_name=KERNEL, resources={"metadata": {"path": str(path.parent)}}
        )
        client.execute()
    return stripped(notebook)


def stripped(notebook: Any) -> Any:
    """The notebook without times, progress bars, releases and cell metadata; it is changed in place and returned."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": KERNEL},
        "language_info": {"name": "python"},
    }
    notebook.nbformat_minor = 5
    for number, cell in enumerate(notebook.cells):
        cell.metadata = {}
        cell.id = f"cell-{number}"
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for output in cell.outputs if not _is_accidental(output)]
        for output in cell.outputs:
            output.pop("metadata", None)
            if output.output_type in ("display_data", "execute_result"):
                output.metadata = {}
                if "text/html" in output.data:
                    output.data.pop("text/plain", None)  # the same again, as long as a page
    return notebook


def machine_paths(notebook: Any) -> List[str]:
    """The absolute paths that the notebook's sources and outputs name."""
    return sorted({path for text in _texts(notebook.cells) for path in _PATH.findall(text)})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _is_accidental(output: Any) -> bool:
    return output.output_type == "stream" and (output.name == "stderr" or bool(_PROGRESS.search(output.text)))


@contextmanager
def _own_kernel(startup: str) -> Iterator[None]:
    """`python3` is this interpreter, offline, whatever kernels and start-up files the machine's user has."""
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    # The package of this source tree, also where another is installed.
    path = os.pathsep.join(filter(None, [str(FOLDER.parent), os.environ.get("PYTHONPATH")]))
    environment = {**OFFLINE, "PYTHONPATH": path}
    spec: Dict[str, Any] = {"argv": command, "display_name": "Python 3", "language": "python", "env": environment}
    with tempfile.TemporaryDirectory() as folder:
        kernel = Path(folder, "kernels", KERNEL)
        kernel.mkdir(parents=True)
        (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
        first = Path(folder, "ipython", "profile_default", "startup")
        first.mkdir(parents=True)
        (first / "first.py").write_text(startup, encoding="utf-8")
        with _environment(JUPYTER_PATH=folder, IPYTHONDIR=str(Path(folder, "ipython"))):
            yield


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def main() -> None:
    """Run the notebooks that the command line names, or all, and write them back."""
    chosen = [FOLDER / Path(name).name for name in sys.argv[1:]] or notebooks()
    for path in chosen:
        notebook = run(path)
        paths = machine_paths(notebook)
        if paths:
            sys.exit(f"{path.name} shows paths of this machine: {', '.join(paths)}")
        nbformat.write(notebook, path)
        sys.stdout.write(f"written: {path.name}\n")


if __name__ == "__main__":
    main()
