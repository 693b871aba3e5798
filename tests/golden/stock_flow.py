"""The notebooks' workflow through AllenNLP's own classes, and the record of what it gives.

Runs as a script in the stock environment, where it needs nothing of this project but `checkpoints.py`, and is
imported by the tests, where `import eli5_transformers` has made AllenNLP importable on the current stack.
"""

import argparse
import hashlib
import json
import platform
import tempfile
from pathlib import Path
from typing import Any, Dict, Mapping

import checkpoints

TEXTS = (
    "Not buying it any sooner! Other brands do a much better job",
    "@BancoSol con Grupo Marea realiza este verano un servicio en tu t… https://t.co/aB3dE9xYz0 #banca",
    "¡Hola! qué buena la cerveza 🍺 de hoy 日本 😀😀",
    "muy muy bueno, pero no muy bueno: bueno y malo, malo y bueno",
    "terrible",
    "El teléfono más rápido de España: corazón, acción y pingüino",
    'She said it\'s "just OK" (3/5 stars, $9.99) -- not great...',
    "this is a very good product and the price is not bad at all but the service was slow and the brand is "
    "not the best one that we have had so far, so if you are in a hurry buy the other one; el servicio es "
    "malo pero la comida y la bebida son muy buenas y el equipo de la tienda hace todo por sus amigos",
)


def build_predictor(model_name: str, num_labels: int) -> Any:
    """Load a BERT checkpoint into AllenNLP the way the notebooks do and return the predictor."""
    from allennlp.common import Params
    from allennlp.data.dataset_readers import DatasetReader
    from allennlp.models import Model
    from allennlp.predictors import TextClassifierPredictor
    from transformers import AutoModelForSequenceClassification

    dataset_reader = DatasetReader.from_params(
        Params(
            {
                "type": "text_classification_json",
                "tokenizer": {"type": "pretrained_transformer", "model_name": model_name},
                "token_indexers": {"tokens": {"type": "pretrained_transformer", "model_name": model_name}},
            }
        )
    )
    model = Model.from_params(
        Params(
            {
                "type": "basic_classifier",
                "vocab": {"type": "from_pretrained_transformer", "model_name": model_name},
                "text_field_embedder": {
                    "type": "basic",
                    "token_embedders": {"tokens": {"type": "pretrained_transformer", "model_name": model_name}},
                },
                "seq2vec_encoder": {"type": "bert_pooler", "pretrained_model": model_name},
                "dropout": 0.1,
                "num_labels": num_labels,
            }
        )
    )
    classifier = AutoModelForSequenceClassification.from_pretrained(model_name).classifier
    model._classification_layer.weight = classifier.weight
    model._classification_layer.bias = classifier.bias
    model.eval()
    return TextClassifierPredictor(model, dataset_reader)


def interpret(predictor: Any, text: str) -> Dict[str, Any]:
    """Return tokens, probabilities, label, and the Simple and Integrated scores of one text, one a token."""
    from allennlp.interpret.saliency_interpreters import IntegratedGradient, SimpleGradient

    outputs = predictor.predict(text)
    return {
        "text": text,
        "tokens": outputs["tokens"],
        "label": outputs["label"],
        "probs": outputs["probs"],
        "simple": saliency(SimpleGradient(predictor), text),
        "integrated": saliency(IntegratedGradient(predictor), text),
    }


def saliency(interpreter: Any, text: str) -> Any:
    """Return one AllenNLP interpreter's scores of one text, one a token."""
    return interpreter.saliency_interpret_from_json({"sentence": text})["instance_1"]["grad_input_1"]


def describe(folder: Path) -> Dict[str, str]:
    """Return the digests that tie a record to the checkpoint it was made from."""
    return {
        "weights_sha256": checkpoints.weights_digest(folder),
        "files_sha256": checkpoints.files_digest(folder),
    }


def digest(content: Any) -> str:
    """Return the sha256 of JSON-like content, independent of layout."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def record(folder: Path) -> Dict[str, Any]:
    """Make all checkpoints below `folder`, run the flow on all texts and return what `stock.json` holds."""
    results = {}
    for name, recipe in checkpoints.RECIPES.items():
        # The stock environment holds AllenNLP's requirements alone, and safetensors is none of them.
        checkpoint = checkpoints.write_bert_checkpoint(folder / name, safetensors=False, **recipe)
        predictor = build_predictor(str(checkpoint), len(recipe["labels"]))
        results[name] = {**describe(checkpoint), "records": [interpret(predictor, text) for text in TEXTS]}
    return {
        "about": "Written by make_golden.py with allennlp 2.10.1 and its own pins. Do not edit.",
        "versions": versions(),
        "texts_sha256": digest(TEXTS),
        "checkpoints_sha256": digest(results),
        "checkpoints": results,
    }


def versions() -> Mapping[str, str]:
    """Return the releases that the numbers come from."""
    from importlib.metadata import version

    packages = ("allennlp", "torch", "transformers", "tokenizers", "numpy")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def main() -> None:
    """Write the record of this environment to the file that is named on the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("output", type=Path)
    output = parser.parse_args().output
    with tempfile.TemporaryDirectory() as folder:
        content = record(Path(folder))
    output.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
