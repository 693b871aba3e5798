"""Tries hostile configs and archives, made from a seed, in a process of its own, and says what they did.

    python sources.py CONFIGS ARCHIVES FOLDER

prints a JSON object with what was tried and what failed. An audit hook watches the process, which no process gets rid of
again: hence one of its own. A try fails if anything of the source ran, if a file outside of the temporary folder was opened
for writing, made or removed, if something was asked of the network, if an error was not one sentence of this package, if it
told the secret that the environment and a file hold, or if anything was left in the temporary folder.
"""

import copy
import json
import os
import random
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

sys.path[:0] = [str(Path(__file__).parents[1])]

SECRET = "the-secret-of-the-environment"
RUNS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.startfile", "ctypes.dlopen")
NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.bind", "urllib.Request")
CHANGES = (
    "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "shutil.rmtree",
)  # fmt: skip


class Watch:
    """What a try did that it must not."""

    def __init__(self, temporary: Path) -> None:
        self.on = False
        self.seen: List[str] = []
        self._temporary = str(temporary)

    def __call__(self, event: str, arguments: Tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event in RUNS or event in NETWORK or (event == "import" and arguments[0] == "module_of_a_stranger"):
            self._see(event, arguments)
        elif event == "open":
            path, mode, flags = arguments
            writes = any(sign in mode for sign in "wax+") if isinstance(mode, str) else bool(flags & (os.O_WRONLY | os.O_RDWR))
            if writes and not self._inside(path):
                self._see(event, arguments)
        elif event in CHANGES and not self._inside(arguments[0]):
            # `rmtree` removes what is in a folder by its name alone, after it has said which folder.
            named = not (event in ("os.remove", "os.rmdir") and arguments[1] >= 0)
            # The caches of older libraries are asked for at each call, with `exist_ok`.
            if named and not (event == "os.mkdir" and os.path.isdir(arguments[0])):
                self._see(event, arguments)

    def _inside(self, path: Any) -> bool:
        # A number is a file that is open already.
        return isinstance(path, int) or os.path.abspath(os.fsdecode(path)).startswith(self._temporary) or path == os.devnull

    def _see(self, event: str, arguments: Tuple[Any, ...]) -> None:
        self.seen.append(f"{event}{str(arguments)[:200]}")


class Maker:
    """Hostile configs and archives, the same for the same seed."""

    def __init__(self, seed: int, checkpoint: Path, folder: Path) -> None:
        from hostile_sources import allennlps_config, own_config, write_hostile_pickle, write_hostile_weights

        self.draw = random.Random(seed)
        self.folder = folder
        self.mark = folder / "mark"
        self.weights = str(write_hostile_weights(folder / "hostile.th", self.mark))
        plain = str(write_hostile_pickle(folder / "hostile.pkl", self.mark))
        (folder / "secret.txt").write_text(SECRET)
        self._bases = (own_config(checkpoint), allennlps_config(checkpoint))
        mark = str(self.mark)
        touch = {"args": ["touch", mark], "command": f"touch {mark}", "cmd": f"touch {mark}"}
        names = (
            "subprocess.Popen", "os.system", "os.popen", "builtins.exec", "builtins.eval", "builtins.open", "pty.spawn",
            "torch.load", "torch.hub.load", "pickle.load", "shutil.rmtree", "pathlib.Path", "runpy.run_path", "ctypes.CDLL",
            "module_of_a_stranger.Model", "importlib.import_module", "allennlp.common.util.import_module_and_submodules",
            "allennlp.common.util.get_spacy_model", "allennlp.nn.util.read_state_dict", "allennlp.commands.main",
            "allennlp.training.metrics.evalb_bracketing_scorer.EvalbBracketingScorer.compile_evalb", "a..b", ".", "x.",
            "eli5_transformers.compat._imports.load", "eli5_transformers.load_predictor", "transformers.pipeline",
        )  # fmt: skip
        self._parts: List[Any] = [{"type": name, **touch} for name in names]
        self._parts += list(names)
        self._parts += [
            {"type": "pretrained", "weights_file_path": self.weights},
            {"type": "pretrained", "weights_file_path": plain},
            {"type": "from_archive", "archive_file": str(folder / "none.tar.gz")},
            {"type": "from_files", "directory": str(folder)},
            {"type": "from_files", "directory": "https://example.org/vocabulary.tar.gz"},
            {"type": "spacy", "language": "module_of_a_stranger"},
            {"type": "pretrained_transformer", "model_name": str(checkpoint), "override_weights_file": self.weights},
            {"_pretrained": {"archive_file": self.weights, "module_path": "x"}},
            {"type": "embedding", "embedding_dim": 2, "pretrained_file": "https://example.org/vectors.txt.gz"},
            {"type": "transformer_classifier", "model_name": str(checkpoint), "serialization_dir": str(folder)},
            {"type": "transformer_classifier", "model_name": str(checkpoint), "allow_pickle": True, "initializer": {
                "regexes": [[".*", {"type": "pretrained", "weights_file_path": self.weights}]]}},
        ]  # fmt: skip
        self._values: List[Any] = [
            None, True, 0, -1, 2**70, 1.5, "", "x", "../x", "/etc/passwd", str(folder / "secret.txt"), [], {}, [[]], [None],
            {"": ""}, "s3://bucket/x", "\x00", "\ud800", self.weights, {"trust_remote_code": True}, {"weights_only": False},
            {"cache_dir": str(folder)}, ["a"] * 50, {"type": None}, {"type": 3}, {"type": ["x"]},
        ]  # fmt: skip
        self._texts = (
            f"error importstr '{folder / 'secret.txt'}'", "error std.extVar('A_SECRET')", "importstr '../secret.txt'",
            "import '/etc/passwd'", "{model: self.model, dataset_reader: 1}", "local f(x) = f(x + 1); f(0)",
            "std.native('x')(1)",
            "{[std.extVar('A_SECRET')]: 1}", "error std.extVar(std.extVar('A_SECRET'))", "import 'config.jsonnet'",
            "{" * 5000,
        )  # fmt: skip

    def config(self) -> str:
        """The text of a config."""
        if self.draw.random() < 0.1:
            return self.draw.choice(self._texts)
        content = copy.deepcopy(self.draw.choice(self._bases))
        for _ in range(self.draw.choice((1, 1, 1, 2, 3))):
            self._change(content)
        return json.dumps(content)

    def _change(self, content: Dict[str, Any]) -> None:
        places: List[Tuple[Any, Any]] = []

        def walk(part: Any) -> None:
            for key, value in part.items() if isinstance(part, dict) else enumerate(part):
                places.append((part, key))
                if isinstance(value, (dict, list)):
                    walk(value)

        walk(content)
        part, key = self.draw.choice(places)
        kind = self.draw.random()
        if kind < 0.65:
            part[key] = copy.deepcopy(self.draw.choice(self._parts))
        elif kind < 0.9:
            part[key] = copy.deepcopy(self.draw.choice(self._values))
        elif isinstance(part, dict):
            names = ("allow_pickle", "trust_remote_code", "type", "serialization_dir", "initializer", "transformer_kwargs")
            part[self.draw.choice(names)] = copy.deepcopy(self.draw.choice(self._values + self._parts))

    def archive(self, file: Path) -> None:
        """An archive: hostile members, or those of a good one with a hostile config or hostile weights."""
        mode = self.draw.choice(("w:gz", "w:gz", "w", "w:bz2"))
        form = self.draw.choice((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
        with tarfile.open(file, mode, format=form) as archive:
            if self.draw.random() < 0.3:
                with open(self.weights, "rb") as weights:
                    parts = {"config.json": self.config().encode(errors="replace"), "weights.th": weights.read()}
                for name, body in {**parts, "vocabulary/non_padded_namespaces.txt": b"*labels\n"}.items():
                    self._add(archive, name, tarfile.REGTYPE, "", body)
            for _ in range(self.draw.randrange(6)):
                kinds = (tarfile.REGTYPE, tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE)
                self._add(archive, self._name(), self.draw.choice(kinds), self._name(), b"x" * self.draw.randrange(100))
        if self.draw.random() < 0.2:
            whole = bytearray(file.read_bytes())
            for _ in range(self.draw.randrange(1, 8)):
                whole[self.draw.randrange(len(whole))] = self.draw.randrange(256)
            file.write_bytes(whole[: self.draw.randrange(1, len(whole) + 1)])

    def _name(self) -> str:
        start = self.draw.choice(("", "", "", "/", "./", str(self.folder) + "/", "\\", "C:\\"))
        parts = [self.draw.choice(("..", "a", "b", "l", "config.json", "mark", ".", "é", "x" * 120)) for _ in range(3)]
        return start + "/".join(parts[: self.draw.randrange(1, 4)])

    def _add(self, archive: tarfile.TarFile, name: str, kind: bytes, link: str, body: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.mode = kind, link, 0o777
        info.size = len(body) if kind == tarfile.REGTYPE else 0
        archive.addfile(info, BytesIO(body))


def tried(make: Callable[[], Path], maker: Maker, watch: Watch, temporary: Path) -> List[str]:
    """What was wrong with the load of a source."""
    from eli5_transformers import load_predictor
    from eli5_transformers.errors import Eli5TransformersError

    source = make()
    watch.seen, watch.on = [], True
    wrong = []
    try:
        load_predictor(source)
    except Eli5TransformersError as error:
        if "\n" in str(error) or SECRET in str(error) or len(str(error)) > 2000:
            wrong.append(f"it says {str(error)[:300]}")
    except BaseException as error:
        wrong.append(f"{type(error).__name__}: {str(error)[:300]}")
    finally:
        watch.on = False
    wrong += watch.seen
    if maker.mark.exists():
        wrong.append("it ran")
        maker.mark.unlink()
    wrong += [f"it left {name}" for name in os.listdir(temporary)]
    return wrong


def main(configs: int, archives: int, folder: Path) -> None:
    import checkpoints

    stars = checkpoints.write_bert_checkpoint(folder / "stars", labels=checkpoints.STARS, hidden_size=8, heads=2)
    outside, inside, temporary = folder / "outside", folder / "outside" / "inside", folder / "temporary"
    for made in (inside, temporary):
        made.mkdir(parents=True)
    (folder / "modules").mkdir()
    (folder / "modules" / "module_of_a_stranger.py").write_text(f"open({str(outside / 'mark')!r}, 'w')\n")
    sys.path.append(str(folder / "modules"))
    os.environ["A_SECRET"] = SECRET
    maker = Maker(20261127, stars, outside)
    from eli5_transformers import load_predictor

    # What is imported and cached once is nothing that a source does.
    for base in maker._bases:
        (inside / "good.json").write_text(json.dumps(base))
        load_predictor(inside / "good.json")
    tempfile.tempdir = str(temporary)
    watch = Watch(temporary)
    sys.addaudithook(watch)

    def config() -> Path:
        file = inside / "config.jsonnet"
        file.write_text(maker.config(), encoding="utf-8", errors="replace")
        return file

    def archive() -> Path:
        maker.archive(inside / "model.tar.gz")
        return inside / "model.tar.gz"

    result = {}
    for name, make, count in (("configs", config, configs), ("archives", archive, archives)):
        wrong = []
        for number in range(count):
            found = tried(make, maker, watch, temporary)
            if found:
                wrong.append(f"{number}: {found[:3]}")
        result[name] = {"tried": count, "failed": len(wrong), "examples": wrong[:10]}
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
