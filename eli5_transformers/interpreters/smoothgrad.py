"""SmoothGrad: the mean of a method's scores at noisy copies of the text."""

import re
from dataclasses import replace
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

import numpy as np
import torch
from allennlp.common import Params
from allennlp.interpret.saliency_interpreters import SaliencyInterpreter
from allennlp.predictors import Predictor

from ..arguments import one_of, real_number, truth, whole_number
from ..compat.registering import registered
from ..engine.passes import TextBatch, Vectors
from ..engine.targets import Asked
from ..errors import InputError, shown
from ..records import Attribution
from .base import Interpreter
from .constructors import options_of, require_options
from .layers import layer_name

_NUMBER = re.compile(r"\d[\d.e+-]*")
FORMS = ("mean", "squared", "variance")
# Noisy copies that are held at once, in numbers of all their vectors.
_MOST_NUMBERS = 2**24
_UNSIGNED = {
    "squared": "Scores are means of squares over the noisy copies: they have no sign and do not add up to the output.",
    "variance": "Scores are variances over the noisy copies: they have no sign and do not add up to the output.",
}


@registered(SaliencyInterpreter, "smoothgrad")
class SmoothGrad(Interpreter):
    """The scores of another method, averaged over copies of the text with noise on its vectors (Smilkov et al. 2017).

    Parameters
    ----------
    around
        The method: a name or a dict with options, "gradient-x-input" by default.
    samples
        Number of copies.
    stdev
        Standard deviation of the noise, relative to the root mean square of the numbers in the text's vectors, or with
        `relative=False` in their own unit.
    form
        "mean"; "squared", the mean of the squared scores of a token (Hooker et al. 2019); "variance", their variance over
        the copies (Adebayo et al. 2018).
    seed
        The same seed gives the same scores. Every text gets the same stream of noise, so that its scores do not depend on
        the texts that are explained with it.

    `output` and `layer` are those of the method inside. Tokens that it keeps as they are get no noise.
    """

    def __init__(
        self,
        predictor: Predictor,
        around: Union[str, Dict[str, Any]] = "gradient-x-input",
        samples: int = 25,
        stdev: float = 0.1,
        relative: bool = True,
        form: str = "mean",
        seed: int = 0,
        output: Optional[str] = None,
        layer: Union[str, torch.nn.Module, None] = None,
        **kwargs,
    ) -> None:
        one_of(form, "form", FORMS)
        samples = whole_number(samples, "samples", most=1_000_000)
        stdev = real_number(stdev, "stdev", "a number, not negative")
        if not stdev >= 0:
            raise InputError(f"stdev is {stdev!r}, but must not be negative")
        self.around = _inner(predictor, around, output, layer_name(predictor, layer), kwargs.get("internal_batch_size"))
        super().__init__(predictor, output=self.around.output, layer=self.around.layer, **kwargs)
        self.samples = samples
        self.stdev = stdev
        self.relative = truth(relative, "relative")
        self.form = form
        self.seed = whole_number(seed, "seed", least=0, most=None)
        self.signed = form == "mean" and self.around.signed

    def require_targets(self, asked: Sequence[Asked]) -> None:
        """What the method inside refuses."""
        self.around.require_targets(asked)

    def attributions(self, batch: TextBatch, targets: Sequence[Sequence[int]]) -> List[List[Attribution]]:
        """The method's attributions of all copies, a block of copies at a time."""
        batch.require_unread()
        texts = len(batch.texts)
        block = max(1, _MOST_NUMBERS // max(1, sum(vectors.numel() for vectors in batch.vectors)))
        noise = [self._generator() for _ in batch.texts]
        found: List[List[List[Attribution]]] = []  # [sample][text][target]
        for start in range(0, self.samples, block):
            count = min(block, self.samples - start)
            copies = [self._noisy(batch, noise) for _ in range(count)]
            vectors = [torch.cat([copy[site] for copy in copies]) for site in range(len(batch.vectors))]
            many = self.around.attributions(
                batch.copies(list(range(texts)) * count, vectors), [list(wanted) for wanted in targets] * count
            )
            found += [many[copy * texts : (copy + 1) * texts] for copy in range(count)]
        return [
            [
                self._combined(batch, text, target, [sample[text][place] for sample in found])
                for place, target in enumerate(wanted)
            ]
            for text, wanted in enumerate(targets)
        ]

    def _combined(self, batch: TextBatch, text: int, target: int, samples: List[Attribution]) -> Attribution:
        scores = np.stack([sample.scores for sample in samples])
        first = samples[0]
        combined = {"mean": scores.mean(0), "squared": (scores**2).mean(0), "variance": scores.var(0)}[self.form]
        mean = self.form == "mean"
        made = self.attribution(
            batch,
            text,
            target,
            combined,
            baseline=first.baseline,
            baseline_score=first.baseline_score if mean else None,
            evaluations=sum(sample.evaluations or 0 for sample in samples),
        )
        # Notes on single copies differ in their numbers alone: one of each kind.
        notes = {_NUMBER.sub("", note): note for sample in samples for note in sample.notes}
        return replace(made, notes=(*notes.values(), *([] if mean else [_UNSIGNED[self.form]])))

    def _generator(self) -> np.random.Generator:
        # NumPy's, whose stream does not depend on the device.
        return np.random.default_rng(self.seed)

    def _noisy(self, batch: TextBatch, generators: Sequence[np.random.Generator]) -> Vectors:
        """One copy of every text, [(texts, tokens', width)]; no noise on what is no token."""
        moved = [vectors.clone() for vectors in batch.vectors]
        disturbed = batch.real & ~batch.special() if getattr(self.around, "keep_special", False) else batch.real
        for site, vectors in enumerate(moved):
            mask = batch.at_positions(disturbed, site)
            for row, generator in enumerate(generators):
                own = vectors[row][mask[row]]
                scale = float(own.square().mean().sqrt()) if self.relative else 1.0
                drawn = generator.standard_normal(tuple(own.shape)).astype(np.float32)
                vectors[row][mask[row]] = own + self.stdev * scale * torch.from_numpy(drawn).to(own)
        return moved


def _inner(
    predictor: Predictor, spec: Any, output: Optional[str], layer: Optional[str], internal_batch_size: Optional[int]
) -> Interpreter:
    settings: Dict[str, Any] = {"type": spec} if isinstance(spec, str) else dict(spec) if isinstance(spec, Mapping) else {}
    name = settings.get("type")
    if not isinstance(name, str) or name not in SaliencyInterpreter.list_available():
        given = shown(spec) if name is None else shown(name)
        raise InputError(
            f"smoothgrad cannot average {given}: around is the name of a registered interpreter, or a dict with the name as "
            "'type' and its options"
        )
    kind: Any = SaliencyInterpreter.by_name(name)
    if isinstance(kind, type) and not issubclass(kind, Interpreter):
        raise InputError(
            f"smoothgrad cannot average {name!r}: AllenNLP's interpreters know no other text than the one they "
            "are given; use 'gradient-x-input' or 'integrated-gradients'"
        )
    if settings.get("layer") is not None:
        settings["layer"] = layer_name(predictor, settings["layer"])
    for option, value in {"output": output, "layer": layer}.items():
        if value is not None and settings.setdefault(option, value) != value:
            raise InputError(
                f"{option} is {shown(value)} for smoothgrad and {shown(settings[option])} for the method inside: "
                "give one of them"
            )
    if internal_batch_size is not None:
        settings.setdefault("internal_batch_size", internal_batch_size)
    require_options(settings, options_of(kind))
    inner = SaliencyInterpreter.from_params(Params(settings), predictor=predictor)
    assert isinstance(inner, Interpreter)
    return inner
