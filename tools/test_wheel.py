"""What a person gets who installs the package: python tools/test_wheel.py VENV TORCH

Builds sdist and wheel (the wheel from the sdist, so that both must be complete) and looks into them. Installs the wheel
in an empty environment by the README's own commands, and runs there, outside the source tree, the code and the commands
of the README and the documentation. Uninstalling leaves nothing behind.
"""

from __future__ import annotations

import fnmatch
import json
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import documentation  # noqa: E402

IN_WHEEL = ("_eli5_transformers_bootstrap.py", "eli5_transformers.pth", "eli5_transformers/*", "*.dist-info/*")
MODEL = "eli5_transformers/bundled/model"
NEEDED_IN_WHEEL = {*IN_WHEEL[:2], "eli5_transformers/py.typed", f"{MODEL}/model.safetensors", f"{MODEL}/NOTICE.md"}
FOLDERS_OF_SDIST = """benchmarks bootstrap configs demo_model demo_model/checkpoint docs examples sentiment_model tests
    tools""".split()
TEXT = "Great value, works perfectly"
IMPORTS = "from eli5_transformers import attribute, bundled_model, compare, plot_attribution"
# What needs an extra, and must name it where it is missing.
USES_OF_EXTRAS = {
    "plot": "plot_attribution(attribute(bundled_model(), 'Great value')[0][0])",
    "notebook": "compare(bundled_model(), 'Great value', ['gradient', 'occlusion']).to_dataframe()",
    "captum": "attribute(bundled_model(), 'Great value', interpreter={'type': 'captum', 'method': 'Saliency'})",
}


class Environment:
    """A virtual environment without packages, and an empty folder to work in."""

    def __init__(self, folder: Path, work: Path) -> None:
        run(sys.executable, "-m", "venv", "--clear", folder)
        self.bin, self.work = folder.resolve() / "bin", work
        self.variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self.variables.update(PATH=f"{self.bin}{os.pathsep}{os.environ['PATH']}", HF_HUB_OFFLINE="1")
        self.variables.update(TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
        self.site_packages = Path(
            self.run("python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")[:-1]
        )

    def run(self, *command: object, fails: bool = False) -> str:
        """What the command prints on stdout; on stderr where it is to fail."""
        program = self.bin / str(command[0])
        return run(program, *command[1:], fails=fails, cwd=self.work, env=self.variables)

    def pip_install(self, *words: str) -> None:
        self.run("python", "-m", "pip", "install", "--disable-pip-version-check", *words)

    def files(self) -> set[str]:
        """The names of the files of site-packages."""
        return {str(file.relative_to(self.site_packages)) for file in self.site_packages.rglob("*")}


def run(*command: object, fails: bool = False, **options: object) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if (done.returncode != 0) != fails:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        sys.exit(f"{'succeeded' if fails else 'failed'}: {shlex.join(map(str, command))}")
    return done.stderr if fails else done.stdout


def built(folder: Path) -> Path:
    """Build the wheel into `folder`, through the sdist, and look into both."""
    shutil.rmtree(folder, ignore_errors=True)
    # A left-over build folder would go into the wheel with all that was ever in it.
    shutil.rmtree(ROOT / "build", ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    inside = set(zipfile.ZipFile(wheel).namelist())
    with tarfile.open(sdist) as archive:
        source = {name.partition("/")[2] for name in archive.getnames()}
    configs = {f"eli5_transformers/{name}" for name in source if fnmatch.fnmatch(name, "configs/*")}
    wrong = [f"in the wheel: {name}" for name in inside if not any(fnmatch.fnmatch(name, one) for one in IN_WHEEL)]
    wrong += [f"not in the wheel: {name}" for name in sorted((NEEDED_IN_WHEEL | configs) - inside)]
    wrong += [f"not in the sdist: {folder}/" for folder in FOLDERS_OF_SDIST if not {folder, f"{folder}/"} & source]
    if wrong:
        sys.exit("\n".join(wrong))
    print(*(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB" for file in (sdist, wheel)), sep="\n", flush=True)
    return wheel


def install_commands(torch: str, wheel: Path, extras: str = "") -> list[list[str]]:
    """The words behind `pip install` of the lines of the README's Install that this Python needs.

    Where they name torch and the package they get this torch, and this wheel with `extras`.
    """
    lines = documentation.commands((ROOT / "README.md").read_text(encoding="utf-8"), ("pip install ",))
    words = [shlex.split(line, comments=True)[2:] for line in lines]
    assert words[0] == ["torch"], words
    assert words[1] == ["eli5_transformers[all]"], words
    words[:2] = [torch], [f"{wheel}{extras}"]
    return words if sys.version_info >= (3, 11) else words[1:2]


def main() -> None:
    venv, torch = Path(sys.argv[1]), sys.argv[2]
    wheel = built(ROOT / "dist")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        environment = Environment(venv, work)
        say("without extras")
        before = environment.files()
        *lines, last = install_commands(torch, wheel)
        for line in lines:
            environment.pip_install(*line)
        if "allennlp" in str(last):
            message = environment.run("eli5-transformers", "explain", TEXT, fails=True)
            assert '--no-deps "allennlp==' in message, f"the command that installs AllenNLP is not named: {message}"
            message = environment.run("python", "-c", "import allennlp", fails=True)
            assert "No module named 'allennlp'" in message, message
        environment.pip_install(*last)
        explained = environment.run("eli5-transformers", "explain", TEXT, "--html", "page.html")
        print(explained)
        assert "very positive" in explained
        assert "Highlighted in text" in (work / "page.html").read_text(encoding="utf-8")
        for extra, use in USES_OF_EXTRAS.items():
            message = environment.run("python", "-c", f"{IMPORTS}\n{use}", fails=True)
            assert f"eli5_transformers[{extra}]" in message, f"the extra {extra} is not named: {message}"

        say("the README's Install, then the code and the commands of all pages")
        for line in install_commands(torch, wheel, "[all]"):
            environment.pip_install(*line)
        for file in ("tests/documentation.py", "tests/readable_model.py"):
            shutil.copy(ROOT / file, work)
        startup = "import pathlib, readable_model; print(readable_model.startup_code(pathlib.Path.cwd()))"
        (work / "startup.py").write_text(environment.run("python", "-c", startup), encoding="utf-8")
        pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
        report = environment.run("python", "documentation.py", "--commands", "--startup", "startup.py", *pages)
        failures = json.loads(report.splitlines()[-1])
        if failures:
            sys.exit("\n".join(f"{page}: {failure}" for page, failure in failures.items()))

        environment.run("python", "-m", "pip", "uninstall", "-y", "eli5_transformers")
        left = [file for file in environment.files() - before if "eli5_transformers" in file]
        assert not left, f"uninstalling leaves {left}"
    print("the wheel does what the README and the documentation say, without the source tree")


def say(step: str) -> None:
    print(f"-- {step}", flush=True)


if __name__ == "__main__":
    main()
