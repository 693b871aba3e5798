"""Measures what AllenNLP's SmoothGradient returns on a BERT: rounding noise.

    python examples/smoothgradient_is_noise.py                  the bundled model
    python examples/smoothgradient_is_noise.py path/to/bert     a BERT with a classification head

AllenNLP adds noise to the word embeddings, averages the gradients of ten samples and *sums each token's gradient over
the embedding axis* (allennlp/interpret/saliency_interpreters/smooth_gradient.py). That sum is the derivative along a
vector of ones. A layer norm stands behind BERT's word embeddings and subtracts the mean: moving along that vector
changes nothing, so the sum is zero in exact arithmetic, and what is left in a computer is
the rounding of the last bits.

No opinion is needed to see it: the same sentences, the same noise, the same released code, once in single and once in
double precision. A quantity that means something is the same in both. Here the sums shrink with the precision, and
their signs have nothing to do with each other. IntegratedGradient stands beside it for comparison.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Sequence

import numpy as np
import torch

import eli5_transformers

CONFIG = Path(__file__).resolve().parent.parent / "configs" / "bert_pooler.jsonnet"
TEXTS = (
    "Not buying it any sooner! Other brands do a much better job",
    "Great value, works perfectly and arrived on time",
    "The zipper broke after two days, but the customer service was excellent",
    "I expected more for this price, the battery is dead after an hour",
    "It does what it should, nothing more and nothing less",
    "My sister loves it, I do not understand why",
    "Never had a better kettle, quick, quiet and easy to clean",
    "The color is not the one in the picture and the fabric feels cheap",
)


def predictor_of(checkpoint: str) -> Any:
    """AllenNLP's own predictor, reader and model around a BERT checkpoint."""
    from transformers import AutoConfig

    labels = list(AutoConfig.from_pretrained(checkpoint).id2label.values())
    return eli5_transformers.load_predictor(CONFIG, ext_vars={"checkpoint": checkpoint, "labels": json.dumps(labels)})


def smooth_gradients(predictor: Any, text: str) -> np.ndarray:
    """SmoothGradient's averaged gradient of each token before it is summed, (tokens, width); noise of seed 0."""
    from allennlp.interpret.saliency_interpreters import SmoothGradient

    (instance,) = predictor.json_to_labeled_instances({"sentence": text})
    torch.manual_seed(0)
    return SmoothGradient(predictor)._smooth_grads(instance)["grad_input_1"][0]


def scores(predictor: Any, text: str, interpreter: str) -> np.ndarray:
    """What AllenNLP's interpreter of that name returns, (tokens,), with the noise of seed 0."""
    from allennlp.interpret.saliency_interpreters import SaliencyInterpreter

    torch.manual_seed(0)
    returned = SaliencyInterpreter.by_name(interpreter)(predictor).saliency_interpret_from_json({"sentence": text})
    return np.array(returned["instance_1"]["grad_input_1"])


def measure(checkpoint: str, texts: Sequence[str] = TEXTS) -> Dict[str, Dict[str, List[np.ndarray]]]:
    """For "single" and "double" precision, one array (tokens,) a text of everything that is compared."""
    predictor = predictor_of(checkpoint)
    result: Dict[str, Dict[str, List[np.ndarray]]] = {}
    result["tokens"] = {"all": [predictor.predict(text)["tokens"] for text in texts]}
    for precision in ("single", "double"):
        if precision == "double":
            predictor._model.double()
        gradients = [smooth_gradients(predictor, text) for text in texts]
        result[precision] = {
            "norm": [np.linalg.norm(gradient, axis=1) for gradient in gradients],
            "sum": [gradient.sum(axis=1) for gradient in gradients],
            "smooth": [scores(predictor, text, "smooth-gradient") for text in texts],
            "integrated": [scores(predictor, text, "integrated-gradient") for text in texts],
        }
    return result


def figures(measured: Dict[str, Dict[str, List[np.ndarray]]]) -> Dict[str, float]:
    """The figures that decide, over the tokens of all texts."""
    single, double = measured["single"], measured["double"]

    def share(part: Dict[str, List[np.ndarray]]) -> float:
        return float(np.abs(np.concatenate(part["sum"])).max() / np.concatenate(part["norm"]).max())

    def relative_sums(part: Dict[str, List[np.ndarray]]) -> np.ndarray:
        return np.concatenate(part["sum"]) / np.concatenate(part["norm"])

    def correlation(first: np.ndarray, second: np.ndarray) -> float:
        return float(np.corrcoef(first, second)[0, 1])

    return {
        "largest sum in single precision, of the largest norm": share(single),
        "largest sum in double precision, of the largest norm": share(double),
        "correlation of the sums, over the norms, in single and double precision": correlation(
            relative_sums(single), relative_sums(double)
        ),
        "correlation of IntegratedGradient's scores in single and double precision": correlation(
            np.concatenate(single["integrated"]), np.concatenate(double["integrated"])
        ),
    }


def table(measured: Dict[str, Dict[str, List[np.ndarray]]]) -> str:
    """The first text, token by token."""
    single, double = measured["single"], measured["double"]
    lines = [
        "               gradient's    its sum over the width    SmoothGradient's score",
        "token                norm        single      double        single      double",
    ]
    columns = [single["norm"][0], single["sum"][0], double["sum"][0], single["smooth"][0], double["smooth"][0]]
    for token, norm, *sums, first, second in zip(measured["tokens"]["all"][0], *columns):
        lines.append(f"{token:12}{norm:13.2e}{sums[0]:14.1e}{sums[1]:12.1e}{first:14.3f}{second:12.3f}")
    return "\n".join(lines)


def main() -> None:
    """Print the measurement."""
    parser = argparse.ArgumentParser(description="What AllenNLP's SmoothGradient returns on a BERT.")
    parser.add_argument("checkpoint", nargs="?", help="a BERT with a classification head; by default the bundled model")
    parser.add_argument("--json", action="store_true", help="print the figures alone, as JSON")
    arguments = parser.parse_args()
    measured = measure(arguments.checkpoint or str(eli5_transformers.bundled_model()))
    found = figures(measured)
    if arguments.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    sys.stdout.write(f"{TEXTS[0]}\n\n{table(measured)}\n\nover the tokens of {len(TEXTS)} texts\n")
    for name, value in found.items():
        sys.stdout.write(f"  {name:75} {value:+.2f}\n" if "correlation" in name else f"  {name:75} {value:.0e}\n")


if __name__ == "__main__":
    main()
