"""Captum's attribution methods on the texts, baselines and classes of this package."""

import inspect
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import torch
from allennlp.interpret.saliency_interpreters import SaliencyInterpreter
from allennlp.predictors import Predictor

from ..arguments import whole_number
from ..compat.random_functions import private_random_numbers
from ..compat.registering import registered
from ..engine.passes import TextBatch
from ..errors import Eli5TransformersError, InputError, MissingDependencyError, UnsupportedModelError, shown
from ..locks import ALONE
from ..records import Attribution
from ..text.granularity import group_tokens, require_granularity
from .comparing import Compared, ComparingInterpreter, wide

# On the vectors of the tokens, by their gradient.
_GRADIENT = ("IntegratedGradients", "InputXGradient", "Saliency", "GradientShap", "DeepLift")
_WITHOUT_BASELINE = ("InputXGradient", "Saliency")
# On the presence of words: 1 is the word, 0 its baseline.
_PRESENCE = ("FeatureAblation", "ShapleyValueSampling", "KernelShap", "Lime")
_REFUSED = {
    "DeepLiftShap": "it needs a set of baselines, and a text has one: use DeepLift, or GradientShap",
    "Deconvolution": "it changes the gradient of ReLUs alone, and scores no output: use Saliency",
    "FeaturePermutation": "it exchanges words between the texts of a batch, which have none in common: use FeatureAblation",
    "GuidedBackprop": "it changes the gradient of ReLUs alone, and scores no output: use Saliency",
    "LRP": "it has no rules for attention and layer norms",
    "NoiseTunnel": "it is the interpreter 'smoothgrad' here",
    "Occlusion": "it is the interpreter 'occlusion' here",
    "ShapleyValues": "it runs the text once for every order of its words: use ShapleyValueSampling",
}
# DeepLift's scores must sum to the difference of the output (Shrikumar et al. 2017, equation 1); its rules cover few layers.
_SUMMATION_TO_DELTA = 0.01
# NumPy has no generator of a thread: they set the global one, and put it back.
_DRAWS_BY_NUMPY = ("GradientShap", "Lime")


@registered(SaliencyInterpreter, "captum")
class Captum(ComparingInterpreter):
    """A method of Captum by the name of its class (Kokhlikyan et al. 2020); needs the extra `captum`.

    Gradient methods ("IntegratedGradients", "InputXGradient", "Saliency", "GradientShap", "DeepLift") work on the tokens'
    vectors. Perturbation methods ("FeatureAblation", "ShapleyValueSampling", "KernelShap", "Lime") work on
    words that are there or replaced by their baseline; a word's tokens share its score equally. DeepLift has rules for
    few layers: its result is refused where it does not sum to the output's difference.

    Parameters
    ----------
    method
        The class.
    options
        Arguments of its `attribute`, such as `{"n_samples": 200}`.
    unit
        "word", "token", "phrase" or "sentence", for perturbation methods.
    seed
        The same seed gives the same scores, whatever other texts are explained.
    """

    def __init__(
        self,
        predictor: Predictor,
        method: str = "IntegratedGradients",
        options: Optional[Dict[str, Any]] = None,
        unit: str = "word",
        seed: int = 0,
        **kwargs,
    ) -> None:
        super().__init__(predictor, **kwargs)
        if method not in _GRADIENT + _PRESENCE:
            reason = _REFUSED.get(method, "it is none of Captum's methods for inputs")
            raise InputError(
                f"method {shown(method)} is not available: {reason}; available are {', '.join(_GRADIENT + _PRESENCE)}"
            )
        self.method = method
        if not isinstance(options, (Mapping, type(None))):
            raise InputError(f"options is {shown(options)}, but must be a dict of arguments of {method}.attribute")
        # Captum and JSON know the numbers of Python.
        self.options = {k: v.item() if isinstance(v, np.generic) else v for k, v in (options or {}).items()}
        self.unit = require_granularity(unit, "unit")
        self.seed = whole_number(seed, "seed", least=0, most=None)
        self.signed = method != "Saliency" or self.options.get("abs") is False

    def attributions(self, batch: TextBatch, targets: Sequence[Sequence[int]]) -> List[List[Attribution]]:
        """Captum explains one text and class at a time."""
        kind = getattr(_captum(), self.method)
        compared = self.compared(batch)
        on = self._on_presence if self.method in _PRESENCE else self._on_vectors
        results: List[List[Attribution]] = []
        for text, wanted in enumerate(targets):
            results.append([])
            for target in wanted:
                with _seeded(self.method, self.seed, batch.device):
                    scores, rest, evaluations = on(kind, batch, compared, text, target)
                found = self.attribution(
                    batch,
                    text,
                    target,
                    scores,
                    baseline=None if self.method in _WITHOUT_BASELINE else compared.name,
                    baseline_score=None if self.method in _WITHOUT_BASELINE else float(compared.scores[text, target]),
                    total=float(scores.sum()) + rest,
                    evaluations=evaluations,
                )
                self._require_summation(found, batch)
                results[-1].append(found)
        return results

    def _on_vectors(
        self, kind: Any, batch: TextBatch, compared: Compared, text: int, target: int
    ) -> Tuple[np.ndarray, float, int]:
        model = _Differentiable(batch, text, whole=self.method == "DeepLift")
        inputs = tuple(vectors[text : text + 1] for vectors in batch.vectors)
        baselines = tuple(vectors[text : text + 1] for vectors in compared.vectors)
        found = self._call(kind(model), batch, inputs, baselines, target)
        maps = [part.detach().sum(-1) for part in found]
        tokens, rest = batch.sites.to_tokens(maps, batch.length)
        scores = tokens[0].cpu().double().numpy()[batch.place_of[text]]
        return scores, float(tokens[0].sum() + rest[0]) - float(scores.sum()), model.rows

    def _on_presence(
        self, kind: Any, batch: TextBatch, compared: Compared, text: int, target: int
    ) -> Tuple[np.ndarray, float, int]:
        encoded = batch.texts[text]
        found = group_tokens(encoded.tokens, encoded.documents, self.unit, self.keep_special)
        groups = [group.tokens for group in found]
        scores = np.zeros(len(encoded))
        if not groups:
            return scores, 0.0, 0
        member = torch.zeros((len(groups), batch.length), dtype=torch.bool, device=batch.device)
        for number, places in enumerate(groups):
            member[number, torch.as_tensor(batch.place_of[text][places], device=batch.device)] = True
        counted = [0]

        def output(presence: torch.Tensor) -> torch.Tensor:
            counted[0] += len(presence)
            # Positions outside all units keep the text's vectors.
            share = torch.where(member.any(0), presence.to(batch.vectors[0]) @ member.to(batch.vectors[0]), 1.0)

            def at(numbers: torch.Tensor) -> List[torch.Tensor]:
                mixed = []
                for site, (base, difference) in enumerate(zip(compared.vectors, compared.differences)):
                    own = batch.sites.at_positions(share[numbers].to(base), site, base.shape[1], elsewhere=1)
                    mixed.append((wide(base[text]) + own[:, :, None] * difference[text]).to(base))
                return mixed

            return torch.from_numpy(batch.forward([text] * len(presence), at))

        everything = torch.ones((1, len(groups)), device=batch.device)
        if len(groups) == 1 and self.method == "KernelShap":
            # Captum divides by zero to draw coalitions of one; its Shapley value is all that it makes of the output.
            there, gone = output(torch.cat([everything, torch.zeros_like(everything)]))[:, target].tolist()
            scores[groups[0]] = (there - gone) / len(groups[0])
            return scores, 0.0, counted[0]
        (shares,) = self._call(kind(output), batch, (everything,), (torch.zeros_like(everything),), target)
        for places, score in zip(groups, shares[0].detach().cpu().double().numpy()):
            scores[places] = score / len(places)
        return scores, 0.0, counted[0]

    def _call(
        self, method: Any, batch: TextBatch, inputs: Tuple[Any, ...], baselines: Tuple[Any, ...], target: int
    ) -> Tuple[torch.Tensor, ...]:
        known = inspect.signature(method.attribute).parameters
        unknown = sorted(set(self.options) - set(known))
        if unknown:
            raise InputError(
                f"Captum's {self.method} has no option {unknown[0]!r}: it takes {', '.join(name for name in known)}"
            )
        options: Dict[str, Any] = {"target": target}
        if "baselines" in known:
            options["baselines"] = baselines
        for name in ("internal_batch_size", "perturbations_per_eval"):
            if name in known:
                options[name] = batch.chunk
        options.update(self.options)
        try:
            found = method.attribute(inputs, **options)
        except (TypeError, ValueError, AssertionError) as error:
            if not self.options or isinstance(error, Eli5TransformersError):
                raise
            reason = " ".join(str(error).split())
            raise InputError(f"Captum's {self.method} does not take the options {self.options}: {reason}") from error
        return found if isinstance(found, tuple) else (found,)

    def _require_summation(self, found: Attribution, batch: TextBatch) -> None:
        if self.method != "DeepLift" or found.relative_delta is None or found.relative_delta <= _SUMMATION_TO_DELTA:
            return
        raise UnsupportedModelError(
            f"DeepLift's scores miss the output's difference by {found.relative_delta:.0%} on "
            f"{batch.scorer.explained.name}, because Captum has no rules for some of its layers (attention, "
            "layer norms): use 'integrated-gradients'"
        )


class _Differentiable(torch.nn.Module):
    """The explained outputs of one text as a function of its vectors, for methods that hook modules."""

    def __init__(self, batch: TextBatch, text: int, whole: bool) -> None:
        super().__init__()
        self.model = batch.scorer.explained.model
        self.rows = 0
        self._batch, self._text, self._whole = (batch,), text, whole

    def forward(self, *vectors: torch.Tensor) -> torch.Tensor:
        self.rows += len(vectors[0])
        # DeepLift pairs each row with its baseline by hooks, and must see both in one call.
        return self._batch[0].outputs([self._text] * len(vectors[0]), list(vectors), whole=self._whole)


def _captum() -> Any:
    try:
        import captum.attr
    except ImportError as error:
        raise MissingDependencyError(
            "the interpreter 'captum' needs Captum: pip install 'eli5_transformers[captum]'"
        ) from error
    return captum.attr


@contextmanager
def _seeded(method: str, seed: int, device: torch.device) -> Iterator[None]:
    """Captum's draws begin at `seed`, and no generator of the process is moved; as long as it needs NumPy's, others wait."""
    with private_random_numbers(device, seed):
        if method not in _DRAWS_BY_NUMPY:
            yield
            return
        with ALONE:
            state = np.random.get_state()
            try:
                np.random.seed(seed % 2**32)
                yield
            finally:
                np.random.set_state(state)
