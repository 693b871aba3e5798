"""Pages and fragments of hostile data: the elements, attributes, styles and scripts are those that harmless data give."""

import random
import re
from dataclasses import replace

import eli5
from browser import hostile
from eli5.base import (
    DocWeightedSpans,
    Explanation,
    FeatureImportances,
    FeatureWeight,
    FeatureWeights,
    TargetExplanation,
    WeightedSpans,
)
from handmade import attribution
from markup import OBEYED, faults, parts
from tally import tries

from eli5_transformers import get_explanation_from_grads, to_explanation
from eli5_transformers.explanations.explanation_json import explanation_from_json, explanation_to_json
from eli5_transformers.explanations.to_eli5 import escaped_where_unescaped
from eli5_transformers.views.comparison import Comparison
from eli5_transformers.views.explanation_page import explanation_page, explanations_page

FRAGMENTS = [
    *hostile.ACTIVE.values(), *hostile.PASSIVE.values(), "</script>", "<!--", "-->", "--!>", "]]>", "<![CDATA[",
    "<?php", "<!x", "javascript:alert(1)", '" onmouseover="x', "' onfocus='x", "&lt;img src=x&gt;", "&#x3c;b&#x3e;",
    "&lt", "&", "<", ">", "\"", "'", "`", "</p></td></tr></table>", "</title><svg/onload=x>",
    "<svg><style><img src=x onerror=x>", "<math><mtext></form>", "<plaintext>", "<textarea>", "<noscript>",
    ";background:url(/x)", "expression(alert(1))", "\x00<script\x00>", "<scr\x00ipt>", "\ud800", "\udfff<b>",
    "{{ 7*7 }}", "{% include 'x' %}", "{0}", "%s%n", "${x}", "\x1b]0;x\x07", "\x9b2J", "\u2028", "\u202e", "\u2066",
    "\u200b", "\ufeff", "\u3164", "\ufe0f", "שלום", "می‌خواهم", "👩‍👧", "क्‍ष", "ｓｃｒｉｐｔ", "＜b＞", "\u0130", "ſ", "\r",
    "\x85", "\xa0", "e\u0301\u0489", "0" * 99,
]  # fmt: skip


class Data:
    """Texts for a page, drawn by seed: hostile ones, or in their places harmless ones of the same length."""

    def __init__(self, seed, harmless):
        self.dice, self.harmless, self.count = random.Random(seed), harmless, 0

    def word(self):
        """A text without spaces or line breaks, which occurs once."""
        return re.sub("[ \n]", "_", self.text())

    def text(self):
        self.count += 1
        drawn = [self.dice.choice(FRAGMENTS) for _ in range(self.dice.randint(1, 3))]
        if self.dice.random() < 0.3:
            drawn = [one[self.dice.randrange(len(one)) :] for one in drawn]
        return self._as_asked(f"{self.dice.choice(['', ' ', '-']).join(drawn)}{self.count}")

    def _as_asked(self, text):
        # Of the characters of a harmless text only letters, digits, spaces and line breaks matter to nothing.
        return re.sub(r"[^A-Za-z0-9 \n]", "x", text) if self.harmless else text


def attributions(data):
    """Two methods' attributions of one text or a pair, with hostile data wherever an attribution holds a text."""
    texts = data.dice.choice([1, 1, 2])
    documents = [" ".join(data.word() for _ in range(data.dice.randint(1, 5))) for _ in range(texts)]
    words = sum(len(document.split(" ")) for document in documents)
    label = data.text()
    made = []
    for _ in range(2):
        one = attribution(
            documents, [data.dice.uniform(-1, 1) for _ in range(words)], pattern="[^ ]+", label=label, method=data.text(),
            signed=data.dice.random() < 0.7, parameters={data.text(): data.text()}, notes=(data.text(), data.text()),
            output=data.text(), baseline=data.text(), baseline_score=0.5, convergence_delta=0.01, evaluations=5,
            provenance={"model": data.text(), "model_class": data.text()},
        )  # fmt: skip
        tokens = [data.text() if name in ("[CLS]", "[SEP]") else name for name in one.tokens.text]
        made.append(replace(one, tokens=replace(one.tokens, text=tuple(tokens))))
    return made


def of_eli5(data):
    """An explanation as other code, or a file from elsewhere, may have it."""
    hashed = [{"name": data.text(), "sign": -1}, {"name": data.text(), "sign": 1}]
    rows = [FeatureWeight(data.text(), 1.0), FeatureWeight(hashed, 2)]
    weights = FeatureWeights(rows, [FeatureWeight(data.text(), -1.0, value=2.0)], pos_remaining=2)
    document = data.text()
    spans = WeightedSpans([DocWeightedSpans(document, [("a", [(0, 1)], 1.0)], vec_name=data.text())], other=weights)
    targets = [TargetExplanation(data.text(), weights, 0.5, 1.0, spans), TargetExplanation(data.text(), weights)]
    return Explanation(
        data.text(), data.text(), data.text(), data.text(), data.dice.random() < 0.5, targets, FeatureImportances(rows, 1)
    )


def pages(data):
    """Every way in which data become HTML."""
    made = attributions(data)
    explanation = to_explanation(made, estimator=data.text(), granularity=data.dice.choice(["word", "token"]))
    theirs = of_eli5(data)
    tokens = [data.word() for _ in range(3)]
    offsets = [(0, 1), (1, 2), None]
    from_grads = get_explanation_from_grads(
        data.text(), data.text(), data.text(), tokens, [0.5, -1.0, 0.25], [1.0], [data.text()], True, offsets
    )
    comparison = Comparison(tuple(made), notes=(data.text(),))
    odd = Comparison((replace(made[0], evaluations=data.text()), made[1]))  # by hand: no file brings it
    yield from (
        explanation_page(explanation, data.text()),
        explanation_page(theirs, data.text()),
        explanations_page([(data.text(), explanation), (data.text(), from_grads)], data.text()),
        comparison.html(data.text()),
        odd._repr_html_(),
        made[0]._repr_html_(),
        eli5.format_as_html(explanation, show_feature_values=True, highlight_spaces=True),
        eli5.format_as_html(explanation, force_weights=False, horizontal_layout=False),
        from_grads._repr_html_(),
        eli5.format_as_html(escaped_where_unescaped(theirs)),
        explanation_from_json(explanation_to_json(theirs))._repr_html_(),
        explanation_from_json(explanation_to_json(explanation))._repr_html_(),
    )
    # No terminal obeys what eli5 writes as text, either.
    assert not OBEYED.search(eli5.format_as_text(explanation))


def test_no_text_of_any_page_becomes_markup(tally):
    tried = failed = 0
    for seed in range(tries(250, 12)):
        harmless = list(pages(Data(seed, harmless=True)))
        for own, page in zip(harmless, pages(Data(seed, harmless=False))):
            tried += 1
            if faults(page) or parts(page) != parts(own):
                failed += 1
                print(seed, tried, faults(page)[:3])
    tally("pages and fragments of hostile data without markup of theirs", tried, failed)
