"""Make `stock.json`: what the released AllenNLP gives in an environment of its own pinned requirements.

    python tests/golden/make_golden.py [--python python3.10] [--venv EXISTING] [--output stock.json]

Without `--venv` a virtual environment is made in a temporary folder; pip downloads about 1 GB for it.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

# AllenNLP leaves numpy open, but torch 1.12, which it pins, was built for numpy 1 and breaks with numpy 2.
REQUIREMENTS = ("allennlp==2.10.1", "numpy<2")


def find_python(python: str) -> str:
    """Return `python` if it is a Python 3.10, else one that pyenv keeps; end the script where there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [python, *sorted(str(path) for path in pyenv.glob("versions/3.10*/bin/python3.10"))]
    for candidate in candidates:
        # Run it: pyenv puts a python3.10 on the PATH that refuses to work where another version is selected.
        if shutil.which(candidate) is not None:
            answer = subprocess.run([candidate, "--version"], capture_output=True, text=True)
            if answer.stdout.startswith("Python 3.10."):
                return candidate
    sys.exit(f"No Python 3.10 among {', '.join(candidates)}: AllenNLP's pins need one, name it with --python.")


def make_environment(python: str, folder: Path) -> Path:
    """Make a virtual environment with AllenNLP in `folder` and return its interpreter."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    interpreter = environment_python(folder)
    pip = [str(interpreter), "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", *REQUIREMENTS], check=True)
    return interpreter


def environment_python(folder: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    interpreter = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not interpreter.exists():
        sys.exit(f"{folder} is not a virtual environment: it has no {interpreter.relative_to(folder)}.")
    return interpreter


def run_flow(interpreter: Path, output: Path) -> None:
    """Run `stock_flow.py` with `interpreter`: offline, on one thread, with only `tests` on the path."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE.parent),
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": "1",
    }
    subprocess.run([str(interpreter), str(HERE / "stock_flow.py"), str(output)], check=True, env=environment)


def main() -> None:
    """Make the environment or take the one given, and write the golden values."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--python", default="python3.10", help="a Python 3.10 (default: %(default)s)")
    parser.add_argument("--venv", type=Path, help="an environment that already has the requirements")
    parser.add_argument("--output", type=Path, default=HERE / "stock.json", help="default: %(default)s")
    arguments = parser.parse_args()
    output = arguments.output.resolve()
    if arguments.venv is not None:
        run_flow(environment_python(arguments.venv.resolve()), output)
    else:
        with tempfile.TemporaryDirectory() as folder:
            run_flow(make_environment(find_python(arguments.python), Path(folder)), output)
    print(f"wrote {output}")


if __name__ == "__main__":
    main()
