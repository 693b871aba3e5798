"""Makes the demonstration model from nothing but a seed: data, tokenizer, training, checkpoint, evaluation, card.

Run `python -m demo_model.train` from the project's folder; `--help` lists the options.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Tuple

from eli5_transformers.errors import SourceError

from . import LABELS, checkpoint_path
from .dice import Dice
from .generator import HELD_OUT, TRAIN, Example, sample
from .vocabulary import build_vocabulary, write_tokenizer

CONFIG = Path(__file__).parent / "train.jsonnet"
SENTENCES = 160_000
VALIDATION_SENTENCES = 1_000
TEST_SENTENCES = 5_000
MASKED_SHARE = 0.15
"""How many of the training sentences have masked words."""
MASK = "[MASK]"
PACKAGES = ("torch", "transformers", "allennlp")


def main(argv: Optional[List[str]] = None) -> None:
    """Trains, exports, evaluates and writes the card."""
    parser = argparse.ArgumentParser(prog="python -m demo_model.train", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of data and training (default: 0)")
    parser.add_argument("--sentences", type=int, default=SENTENCES, help=f"to train on (default: {SENTENCES})")
    parser.add_argument("--output", type=Path, default=checkpoint_path(), help="checkpoint folder (default: its own)")
    parser.add_argument("--config", type=Path, default=CONFIG, help="the training's config (default: its own)")
    parser.add_argument("--overrides", default="{}", help="JSON that changes the config, as in AllenNLP")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        data, archive = Path(folder) / "data", Path(folder) / "archive"
        write_data(data, arguments.sentences, arguments.seed)
        train(arguments.config, data, archive, arguments.seed, arguments.overrides)
        export(archive, data / "tokenizer", arguments.output)
        epochs = json.loads((archive / "metrics.json").read_text(encoding="utf-8"))["epoch"] + 1
    releases = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    training = {
        "seed": arguments.seed,
        "training_sentences": arguments.sentences,
        "epochs": epochs,
        "processor_seconds_of_training": round(os.times().children_user),
        "made_with": f"Python {platform.python_version()}, {releases}",
    }
    usual = {"seed": 0, "sentences": SENTENCES, "overrides": "{}"}
    changed = {name: value for name, value in vars(arguments).items() if name in usual and value != usual[name]}
    options = "".join(f" --{name} '{value}'" for name, value in changed.items())
    report(arguments.output, training, f"python -m demo_model.train{options}")


def write_data(folder: Path, sentences: int, seed: int) -> None:
    """Writes `train.jsonl`, `validation.jsonl` and `tokenizer/`."""
    (folder / "tokenizer").mkdir(parents=True)
    write_tokenizer(folder / "tokenizer", build_vocabulary())
    dice = Dice(_seed(seed, "masks"))
    examples = sample(sentences, _seed(seed, "train"), TRAIN)
    _write_lines(folder / "train.jsonl", [(with_masks(example, dice), example.label) for example in examples])
    _write_lines(folder / "validation.jsonl", [(example.text, example.label) for example in _validation(seed)])


def with_masks(example: Example, dice: Dice) -> str:
    """The text, now and then with some or all of the words that decide nothing replaced by [MASK].

    So the model learns that a masked word says nothing, and a text of masks is 3 stars: what explanations that compare
    with masks, or that hide words, take for granted.
    """
    if not dice.chance(MASKED_SHARE):
        return example.text
    # Half of "the weather was awful" may be an opinion about the product.
    share = 1.0 if "distractor" in example.phenomena else dice.pick((0.3, 1.0))
    kept = {word.start for word in example.evidence}
    text, position = "", 0
    # Words as the evidence has them ("isn't" is one), and punctuation.
    for match in re.finditer(r"\w[^\s.,;!?\"]*|[^\w\s]", example.text):
        text += example.text[position : match.start()]
        hidden = match.start() not in kept and dice.chance(share)
        text += MASK if hidden else match.group()
        position = match.end()
    return text + example.text[position:]


def train(config: Path, data: Path, archive: Path, seed: int, overrides: str = "{}") -> None:
    """Runs `eli5-transformers train` on the data. Raises SourceError where there is no such config."""
    if not config.is_file():
        raise SourceError(
            f"there is no config {str(config)!r}: run this from the project's folder, or give the file with --config"
        )
    tokens = (data / "tokenizer" / "vocab.txt").read_text(encoding="utf-8").count("\n")
    package_home = str(Path(__file__).resolve().parents[1])
    environment = {
        **os.environ,
        "DATA": str(data),
        "VOCABULARY_SIZE": str(tokens),
        "SEED": str(seed),
        "PYTHONPATH": os.pathsep.join(filter(None, (package_home, os.environ.get("PYTHONPATH")))),
        # Sums in another order differ in the last digit: one thread, whatever the machine has.
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "eli5_transformers", "train", str(config), "-s", str(archive), "-o", overrides]
    subprocess.run(command, env=environment, check=True)


def export(archive: Path, tokenizer: Path, output: Path) -> None:
    """Writes the archive's classifier as a HuggingFace checkpoint with the tokenizer's files."""
    from allennlp.models.archival import load_archive
    from safetensors.torch import save_file

    from eli5_transformers.adapters import registered_components  # noqa: F401  registers the model that the archive names

    model: Any = load_archive(str(archive / "model.tar.gz")).model
    weights = {
        name: tensor.detach().clone().contiguous()
        for name, tensor in sorted(model.transformer.state_dict().items())
        if not name.endswith(("position_ids", "token_type_ids"))  # buffers that some releases of transformers save
    }
    output.mkdir(parents=True, exist_ok=True)
    for file in sorted(tokenizer.iterdir()):
        shutil.copyfile(file, output / file.name)
    trained = json.loads((archive / "config.json").read_text(encoding="utf-8"))["model"]["transformer_config"]
    config = {
        "architectures": ["BertForSequenceClassification"],
        # jsonnet writes 0.0 as 0, and transformers 5 checks types.
        **{name: float(value) if name.endswith("_prob") else value for name, value in trained.items()},
        "problem_type": "single_label_classification",
        "id2label": {str(index): label for index, label in enumerate(LABELS)},
        "label2id": {label: index for index, label in enumerate(LABELS)},
    }
    (output / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    save_file(weights, str(output / "model.safetensors"), metadata={"format": "pt"})


def report(folder: Path, training: Dict[str, Any], command: str) -> None:
    """Evaluates the checkpoint in the folder and writes its metrics and card."""
    from .card import write_card
    from .evaluation import StarClassifier, evaluate, evaluate_ungenerated, held_out

    classifier = StarClassifier(folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    seed = int(training["seed"])
    # The validation sentences chose the epoch, so they are no part of the test.
    chosen_with = {example.text.lower() for example in _validation(seed)}
    test = held_out(TEST_SENTENCES, _seed(seed, "test"), chosen_with)
    write_card(
        folder,
        {
            "command": command,
            "training": training,
            "model": {
                "layers": config["num_hidden_layers"],
                "width": config["hidden_size"],
                "vocabulary": config["vocab_size"],
                "parameters": classifier.parameters,
                "bytes": (folder / "model.safetensors").stat().st_size,
            },
            "held_out": evaluate(classifier, test),
            "ungenerated": evaluate_ungenerated(classifier),
        },
    )


def _validation(seed: int) -> List[Example]:
    return sample(VALIDATION_SENTENCES, _seed(seed, "validation"), HELD_OUT)


def _seed(seed: int, part: str) -> int:
    """A stream of its own for every part."""
    return 10 * seed + {"train": 1, "validation": 2, "test": 3, "masks": 4}[part]


def _write_lines(path: Path, rows: Iterable[Tuple[str, int]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for text, stars in rows:
            file.write(json.dumps({"text": text, "label": LABELS[stars - 1]}) + "\n")


if __name__ == "__main__":
    main()
