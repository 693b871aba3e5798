"""Which labels are ordered, and how more and less of it is called."""

import itertools

import pytest

from eli5_transformers.text.label_order import declared_order, in_words, order_of
from eli5_transformers.text.label_scales import SCALES

RATINGS = ("1 star", "2 stars", "3 stars", "4 stars", "5 stars")
LOWEST_FIRST = [
    RATINGS,
    ("★", "★★", "★★★"),
    ("1-star", "5-star"),
    ("1", "2", "3", "4", "5"),
    ("-2", "-1", "0", "1", "2"),
    ("0.5", "1.0", "1.5"),
    ("Rating 1", "Rating 2", "Rating 10"),
    ("1 Stern", "2 Sterne"),
    ("1 étoile", "2 étoiles"),
    ("very negative", "negative", "neutral", "positive", "very positive"),
    ("VERY_NEGATIVE", "NEGATIVE", "NEUTRAL", "POSITIVE", "VERY_POSITIVE"),
    ("extremely negative", "somewhat negative", "neutral", "somewhat positive", "extremely positive"),
    ("neg", "neu", "pos"),
    ("sehr negativ", "negativ", "neutral", "positiv", "sehr positiv"),
    ("très négatif", "négatif", "neutre", "positif", "très positif"),
    ("muy negativo", "negativo", "neutro", "positivo", "muy positivo"),
    ("очень негативно", "негативно", "нейтрально", "позитивно", "очень позитивно"),
    ("非常负面", "负面", "中性", "正面", "非常正面"),
    ("とても悪い", "悪い", "普通", "良い", "とても良い"),
    ("매우 부정적", "부정적", "중립", "긍정적", "매우 긍정적"),
    ("سلبي", "محايد", "إيجابي"),
    ("Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree"),
    ("stimme nicht zu", "weder noch", "stimme zu"),
    ("stimme überhaupt nicht zu", "stimme eher nicht zu", "stimme eher zu", "stimme voll und ganz zu"),
    ("sehr schlecht", "schlecht", "mittelmäßig", "gut", "sehr gut"),
    ("pas du tout d\u2019accord", "plutôt pas d'accord", "plutôt d'accord", "tout à fait d\u2019accord"),
    ("discordo totalmente", "discordo", "neutro", "concordo", "concordo totalmente"),
    ("oneens", "neutraal", "eens"),
    ("全くそう思わない", "そう思わない", "どちらともいえない", "そう思う", "強くそう思う"),
    ("전혀 동의하지 않음", "동의하지 않음", "보통", "동의함", "매우 동의함"),
    ("⭐️", "⭐️⭐️"),
    ("1 stella", "2 stelle"),
    ("low", "fair", "high"),
    ("very dissatisfied", "dissatisfied", "neutral", "satisfied", "very satisfied"),
    ("terrible", "poor", "average", "good", "excellent"),
    ("very unlikely", "unlikely", "neutral", "likely", "very likely"),
    ("never", "rarely", "sometimes", "often", "always"),
    ("none", "low", "medium", "high"),
    ("Bearish", "Neutral", "Bullish"),
]
WITHOUT = [
    ("LABEL_0", "LABEL_1", "LABEL_2"),
    ("0", "1", "2", "3"),  # as good as no names: the places of the outputs
    ("class 1", "class 2"),
    ("World", "Sports", "Business", "Sci/Tech"),
    ("joy", "anger", "neutral"),
    ("contradiction", "neutral", "entailment"),
    ("toxic", "severe_toxic", "obscene"),
    ("positive", "negative", "neutral", "mixed"),
    ("1 star", "2 points"),
    ("1 to 2 stars", "3 to 4 stars"),
    ("F32", "F33", "F41"),
    ("type 1", "type 2", "type 3"),
    ("group_1", "group_2"),
    ("B737", "B747"),
    ("500", "1,000", "5,000"),  # a thousand, or one
    ("1.000 Euro", "2.000 Euro"),
    ("good", "GOOD"),
    ("not negative", "negative"),
    ("stars",),
    (),
]


@pytest.mark.parametrize("names", LOWEST_FIRST, ids=" < ".join)
def test_ordered_labels_are_known_in_whatever_order_they_stand(names):
    places = list(range(len(names)))
    assert list(order_of(names).places) == places
    turned = names[::-1]
    assert list(order_of(turned).places) == places[::-1]
    mixed = names[1::2] + names[::2]
    assert [mixed[order_of(mixed).places.index(place)] for place in places] == list(names)


@pytest.mark.parametrize("names", WITHOUT, ids=str)
def test_labels_without_a_plain_order_have_none(names):
    assert order_of(names) is None


def test_the_value_of_a_label_is_the_number_in_its_name_else_its_place():
    assert order_of(("10 points", "5 points")).values == (10, 5)
    assert order_of(("-1", "0", "1")).values == (-1, 0, 1)
    assert order_of(("2,5", "3,5")).values == (2.5, 3.5)
    assert order_of(("good", "bad")).values == (2, 1)


def test_more_and_less_are_said_in_words():
    assert (order_of(RATINGS).up, order_of(RATINGS).down) == ("more stars", "fewer stars")
    assert order_of(("sehr positiv", "negativ")).up == "more positive"
    ends = order_of(("Rating 2", "Rating 1"))
    assert (ends.up, ends.down, ends.by_ends) == ("Rating 2", "Rating 1", True)


def test_the_lean_weighs_a_label_by_its_place_from_the_middle():
    assert order_of(RATINGS).lean == (-2, -1, 0, 1, 2)
    assert order_of(("positive", "negative", "neutral")).lean == (1, -1, 0)
    assert order_of(RATINGS[:4]).lean == (-1.5, -0.5, 0.5, 1.5)
    assert order_of(RATINGS).inner == (False, True, True, True, False)


def test_the_number_in_a_name_is_its_value_whatever_order_is_declared():
    assert declared_order(("0", "1", "2"), ("0", "1", "2")).values == (0, 1, 2)
    assert declared_order(("5 stars", "3 stars", "1 star"), ("5 stars", "3 stars", "1 star")).values == (5, 3, 1)
    assert declared_order(("F32", "F41"), ("F41", "F32")).places == (1, 0)


def test_every_spelling_of_a_scale_is_known():
    """Also those that are folded to others, as those with ß."""
    for scale in SCALES:
        for low, high in zip(scale.levels, scale.levels[1:]):
            for names in itertools.product(sorted(low), sorted(high)):
                assert order_of(names) is not None, names


def test_an_order_may_be_declared():
    names = ("tiny bug", "outage", "nuisance")
    order = declared_order(names, ("tiny bug", "nuisance", "outage"))
    assert order.places == (0, 2, 1)
    assert (order.up, order.down, order.by_ends) == ("outage", "tiny bug", True)
    # The other way round than the names say: the words are turned, too.
    turned = declared_order(RATINGS, RATINGS[::-1])
    assert (turned.places, turned.up) == ((4, 3, 2, 1, 0), "fewer stars")


def test_a_question_has_words():
    names = ("a", "b", "c", "d", "e", "f")
    assert in_words("contrast", names, (0, 0, -1, 1, 0, 0)) == "d rather than c"
    assert in_words("lean", RATINGS, (-2, -1, 0, 1, 2)) == "more stars"
    assert in_words("lean", ("x", "y"), (0.5, -0.5)) == "towards x"
    assert in_words("combination", names, (0.5, 0, -2, 0, 0, 0)) == "− 2 · c + 0.5 · a"
    assert in_words("combination", names, (1, 1, 1, 1, 1, 1)).endswith(" …")
