"""Time beside AllenNLP, Captum and a bare loop."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import torch

from . import shapes
from .timing import race, raced, ratio, table, verdict

LENGTHS = {16: (3.0, 2 / 3), 64: (2.0, 2 / 3), 256: (1.5, 2 / 3)}
"""Tokens: the least ratio of AllenNLP's integrated gradient to ours, and the most of ours to theirs for its own three."""
NODES = 10


def released(folder: Path, rounds: int) -> None:
    """AllenNLP's three interpreters, unmodified, on AllenNLP's predictor and on ours."""
    from allennlp.interpret.saliency_interpreters import IntegratedGradient, SimpleGradient, SmoothGradient

    theirs, own = shapes.allennlps(folder), shapes.ours(folder)
    rows = []
    for tokens, (_, most) in LENGTHS.items():
        inputs = {"sentence": shapes.text(tokens)}
        for kind in (SimpleGradient, IntegratedGradient, SmoothGradient):
            on_theirs, on_ours = kind(theirs), kind(own)
            seconds = race(
                {
                    "AllenNLP's": lambda i=on_theirs, x=inputs: i.saliency_interpret_from_json(x),
                    "ours": lambda i=on_ours, x=inputs: i.saliency_interpret_from_json(x),
                },
                rounds,
            )
            share = seconds["ours"] / seconds["AllenNLP's"]
            rows.append([tokens, kind.__name__, seconds["AllenNLP's"], seconds["ours"], verdict(share, most, False)])
    table(
        "AllenNLP's interpreters, unmodified, on both predictors",
        ["tokens", "interpreter", "AllenNLP's predictor (s)", "our predictor (s)", "ours : AllenNLP's"],
        rows,
    )


def integrated(folder: Path, rounds: int) -> None:
    """Our integrated gradients with the nodes of AllenNLP's, and beside Captum and a bare loop."""
    from allennlp.interpret.saliency_interpreters import IntegratedGradient

    from eli5_transformers.interpreters import make

    theirs, own = shapes.allennlps(folder), shapes.ours(folder)
    rows = []
    for tokens, (least, _) in LENGTHS.items():
        inputs = {"sentence": shapes.text(tokens)}
        chunk = _chunk(own, tokens)
        interpreter = make(own, "integrated-gradients", n_steps=NODES, baseline="zero", keep_special=False)
        released_one = IntegratedGradient(theirs)
        runs = {
            "ours": lambda x=inputs, i=interpreter: i.attribute([x]),
            "AllenNLP": lambda x=inputs, i=released_one: i.saliency_interpret_from_json(x),
            "bare": _bare(own, inputs, chunk),
        }
        captum = _captum(own, inputs, chunk)
        if captum is not None:
            runs["Captum"] = captum
        seconds = race(runs, rounds)
        beside_captum = verdict(seconds["ours"] / seconds["Captum"], 1.05, False) if captum else "not installed"
        rows.append(
            [
                tokens,
                chunk,
                seconds["ours"],
                verdict(seconds["AllenNLP"] / seconds["ours"], least),
                beside_captum,
                verdict(seconds["ours"] / seconds["bare"], 1.05, False),
            ]
        )
    table(
        f"Integrated gradients with {NODES} nodes",
        ["tokens", "rows a chunk", "ours (s)", "AllenNLP : ours", "ours : Captum", "ours : bare loop"],
        rows,
        "All know the output at the text and at the baseline too; Captum and the bare loop run chunks of our size.",
    )


def linearized(folder: Path, rounds: int) -> None:
    """The passes of `linearization` beside plain gradients: of the network as it is held fixed, and as it is."""
    from eli5_transformers.components.explained_predictors import explained_model
    from eli5_transformers.engine.frozen.network import FrozenNetwork
    from eli5_transformers.engine.passes import Scorer, TextBatch

    predictor = shapes.ours(folder)
    explained = explained_model(predictor)
    scorer, rows = Scorer(explained), []
    with scorer.session():
        model = scorer.explained.model
        for tokens in LENGTHS:
            for count in (1, 8):
                texts = [explained.encode({"sentence": shapes.text(tokens, seed)}) for seed in range(count)]
                batch = TextBatch(scorer, range(count), texts)

                def run(network: Any, batch: Any = batch) -> Any:
                    own = lambda numbers: [vectors[numbers] for vectors in batch.vectors]  # noqa: E731
                    products = lambda found, numbers: [(g * x).sum(-1) for g, x in zip(found, own(numbers))]  # noqa: E731
                    return batch.gradients(range(len(batch.texts)), [[0]] * len(batch.texts), own, products, network)

                runs = {"plain": lambda r=run: r(None), "fixed": lambda r=run: r(FrozenNetwork(model, 0.0))}
                seconds = raced(runs, rounds)
                share, spread = ratio(seconds, "fixed", "plain")
                stated = verdict(share, 1.25 if count == 1 else 2.5, False)
                rows.append([tokens, count, statistics.median(seconds["plain"]), stated, spread])
    table(
        "One gradient of the network that is held fixed (linearization) and of the network itself",
        ["tokens", "texts", "plain (s)", "fixed : plain", "from round to round"],
        rows,
        "Plain, the texts share a pass; fixed, each has its own, as the sum of its parts is checked.",
    )


def together(folder: Path, name: str, least: float, rounds: int, count: int) -> None:
    """Many texts in one call and one by one."""
    from eli5_transformers.interpreters import make

    predictor = shapes.ours(folder)
    inputs = [{"sentence": text} for text in shapes.mixed(count)]
    interpreter = make(predictor, "integrated-gradients")
    seconds = race(
        {
            "one call": lambda: interpreter.attribute(inputs),
            "one by one": lambda: [interpreter.attribute([one]) for one in inputs],
        },
        rounds,
    )
    table(
        f"{count} texts of 5 to 64 tokens, {name}",
        ["one call (s)", "one by one (s)", "gain", "positions that are padding"],
        [
            [
                seconds["one call"],
                seconds["one by one"],
                verdict(seconds["one by one"] / seconds["one call"], least),
                f"{waste(predictor, inputs):.1%}",
            ]
        ],
    )


def waste(predictor: Any, inputs: Any) -> float:
    """The share of all positions run that hold padding."""
    from eli5_transformers.components.explained_predictors import explained_model
    from eli5_transformers.engine.passes import Scorer
    from eli5_transformers.interpreters import make

    explained = explained_model(predictor)
    scorer, interpreter = Scorer(explained), make(predictor, "integrated-gradients")
    with scorer.session():
        for batch in scorer.batches([explained.encode(one) for one in inputs]):
            interpreter.attributions(batch, [[int(logits.argmax())] for logits in batch.logits])
    real, positions = scorer.padding
    return 1 - real / positions


def _chunk(predictor: Any, tokens: int) -> int:
    from eli5_transformers.engine.batching import rows_at_once

    width = predictor.sites.sites[0].width
    return min(NODES, rows_at_once(predictor._model, tokens, width, torch.device("cpu")))


def _plain(predictor: Any, inputs: Any) -> Any:
    model, tokenizer = predictor._model.transformer, predictor._dataset_reader.tokenizer
    return model, tokenizer(inputs["sentence"], return_tensors="pt")


def _bare(predictor: Any, inputs: Any, chunk: int) -> Any:
    """The same passes in a loop that knows nothing but BERT."""
    from eli5_transformers.engine.quadrature import fixed

    model, encoded = _plain(predictor, inputs)
    nodes, weights = fixed("gausslegendre", NODES)

    def run() -> torch.Tensor:
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        own = model.get_input_embeddings()(encoded["input_ids"])
        with torch.no_grad():
            target = int(model(**encoded).logits.argmax())
            model(inputs_embeds=torch.zeros_like(own), attention_mask=encoded["attention_mask"])
        total = torch.zeros(own.shape[1])
        for start in range(0, NODES, chunk):
            alphas = torch.tensor(nodes[start : start + chunk], dtype=own.dtype)[:, None, None]
            points = (alphas * own).requires_grad_(True)
            mask = encoded["attention_mask"].expand(len(points), -1)
            logits = model(inputs_embeds=points, attention_mask=mask).logits
            (gradient,) = torch.autograd.grad(logits[:, target].sum(), points)
            some = torch.tensor(weights[start : start + chunk], dtype=own.dtype)
            total += torch.einsum("r,rtw,tw->t", some, gradient, own[0])
        for parameter in model.parameters():
            parameter.requires_grad_(True)
        return total

    return run


def _captum(predictor: Any, inputs: Any, chunk: int) -> Any:
    try:
        from captum.attr import LayerIntegratedGradients
    except ImportError:
        return None
    model, encoded = _plain(predictor, inputs)
    ids, mask = encoded["input_ids"], encoded["attention_mask"]
    table_ = model.get_input_embeddings()

    def logits(tokens: torch.Tensor) -> torch.Tensor:
        return model(input_ids=tokens, attention_mask=mask.expand(len(tokens), -1)).logits

    method = LayerIntegratedGradients(logits, table_)

    def run() -> Any:
        with torch.no_grad():
            target = int(logits(ids).argmax())
        return method.attribute(
            ids,
            torch.zeros_like(ids),
            target=target,
            n_steps=NODES,
            internal_batch_size=chunk,
            return_convergence_delta=True,
        )

    return run
