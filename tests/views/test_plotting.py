"""Pictures: what is drawn is the scores of the words, readable in any script."""

import importlib.util
import sys
import warnings

import numpy as np
import pytest
from handmade import attribution
from stacks import needs_matplotlib

from eli5_transformers.errors import InputError, MissingDependencyError
from eli5_transformers.views.figures import ELSEWHERE
from eli5_transformers.views.plotting import plot_attribution

TEXT = "a good, good film"
SCORES = [0.25, 2.0, -0.5, 1.0, -1.5]
DRAWS = importlib.util.find_spec("matplotlib") is not None

if DRAWS:
    import matplotlib
    from matplotlib import colors, font_manager, ft2font, pyplot

    from eli5_transformers.views import matplotlib_fonts as fonts

    matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def closed():
    yield
    if DRAWS:
        pyplot.close("all")


def bars(ax):
    """(label, length, color) of each bar from the top; the label by the bar's place, not by its number."""
    labels = {round(tick): label.get_text() for tick, label in zip(ax.get_yticks(), ax.get_yticklabels())}
    drawn = [(bar.get_y() + bar.get_height() / 2, bar.get_width(), bar.get_facecolor()) for bar in ax.patches]
    assert ax.yaxis_inverted()
    return [(labels[round(place)], width, color) for place, width, color in sorted(drawn)]


def cells(ax):
    return np.ma.filled(ax.images[0].get_array().astype(float), np.nan)


@needs_matplotlib
def test_bars_are_the_words_in_reading_order_and_sum_to_the_scores():
    drawn = bars(plot_attribution(attribution(TEXT, SCORES)))
    assert [name for name, *_ in drawn] == ["a", "good", ",", "good", "film", ELSEWHERE]
    assert [length for _, length, _ in drawn] == [*SCORES, 0.125]


@needs_matplotlib
def test_bars_for_the_label_are_green_and_bars_against_it_red():
    for _, length, (red, green, blue, _) in bars(plot_attribution(attribution(TEXT, SCORES)))[:-1]:
        assert (green > red and green > blue) if length > 0 else (red > green and red > blue)


@needs_matplotlib
def test_unsigned_scores_have_one_hue_and_say_that_they_are_unsigned():
    ax = plot_attribution(attribution(TEXT, np.abs(SCORES), signed=False, output="loss"))
    ((red, green, blue, _),) = {color for *_, color in bars(ax)[:-1]}
    assert blue > red > green
    assert ax.get_xlabel() == "strength, unsigned, of the loss (by-hand)"


@needs_matplotlib
@pytest.mark.parametrize("kind", ["bar", "heatmap"])
def test_top_keeps_the_largest_words_in_reading_order_and_the_sum_of_the_others(kind):
    ax = plot_attribution(attribution(TEXT, SCORES), kind=kind, top=2)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["good", "film", "3 other words (sum)", ELSEWHERE]
    values = cells(ax)[:, 0] if kind == "heatmap" else [length for _, length, _ in bars(ax)]
    assert list(values) == [2.0, -1.5, 0.75, 0.125]


@needs_matplotlib
def test_a_heat_map_has_a_column_for_each_target_and_one_symmetric_colour_range():
    first, second = (
        attribution(TEXT, SCORES, label="x", target=0),
        attribution(TEXT, [4.0, 0, 0, 0, -3], label="y", target=1),
    )
    ax = plot_attribution([first, second], kind="heatmap")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["x", "y"]
    assert cells(ax).T.tolist() == [[*SCORES, 0.125], [4.0, 0, 0, 0, -3, 0.125]]
    image = ax.images[0]
    assert (image.norm.vmin, image.norm.vmax) == (-4.0, 4.0)
    red, green, blue, _ = image.cmap(image.norm(3.9))
    assert green > max(red, blue)
    assert {text.get_text() for text in ax.texts} >= {"+4.00", "-3.00", "+0.25"}


@needs_matplotlib
def test_a_word_that_one_method_does_not_know_is_left_grey():
    first = attribution("a film", [1.0, 2.0], method="one")
    second = attribution("a film", [3.0], pattern="film", method="two")
    ax = plot_attribution([first, second], kind="heatmap")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["one", "two"]
    assert np.isnan(cells(ax)[0, 1])
    assert colors.to_hex(ax.images[0].cmap(np.ma.masked)) == "#eeeeee"


@needs_matplotlib
@pytest.mark.parametrize("kind", ["bar", "heatmap"])
def test_axes_that_are_given_are_drawn_into(kind):
    _, ax = pyplot.subplots()
    assert plot_attribution(attribution(TEXT, SCORES), ax=ax, kind=kind) is ax
    assert len(pyplot.get_fignums()) == 1


@needs_matplotlib
def test_the_figure_is_tall_enough_for_every_word():
    ax = plot_attribution(attribution("word " * 100, [0.1] * 100))
    ax.figure.draw_without_rendering()
    places = [label.get_window_extent() for label in ax.get_yticklabels()]
    assert all(upper.y0 >= lower.y1 - 2 for upper, lower in zip(places, places[1:]))


@needs_matplotlib
def test_words_that_look_like_formulas_or_hold_control_characters_are_drawn_as_text():
    words = ["$x^2$", "$", "\\frac{1}", "a\u202eb", "\x1b[31m"]
    ax = plot_attribution(attribution(" ".join(words), [1.0] * 5, pattern=r"\S+", label="$y$ \x07"))
    ax.figure.draw_without_rendering()
    shown = [label.get_text() for label in ax.get_yticklabels()][:5]
    assert shown == ["$x^2$", "$", "\\frac{1}", "a\\u202eb", "\\x1b[31m"]
    assert ax.get_title("left") == "$y$ \\x07 (probability 0.750)"


@needs_matplotlib
def test_long_words_lose_their_middle_and_marks_stay_with_their_letter():
    word = "e\u0301" * 40
    label = plot_attribution(attribution(word, [1.0], pattern=".+")).get_yticklabels()[0].get_text()
    start, end = label.split("…")
    assert len(label) < 32
    assert start == "e\u0301" * (len(start) // 2)
    assert end == "e\u0301" * (len(end) // 2)


@needs_matplotlib
@pytest.mark.filterwarnings("ignore:no installed font")
def test_a_family_is_not_torn_apart_where_a_long_word_loses_its_middle():
    family = "👩\u200d👧\u200d👦"
    label = plot_attribution(attribution(family * 9, [1.0], pattern=".+")).get_yticklabels()[0].get_text()
    start, end = label.split("…")
    assert start == family * 3
    assert end == family


@needs_matplotlib
def test_pairs_are_set_apart_by_a_line():
    ax = plot_attribution(attribution(("a film", "b"), [1.0, 2.0, 3.0]))
    assert 1.5 in {line.get_ydata()[0] for line in ax.lines}


@pytest.fixture
def cjk_font(tmp_path, monkeypatch):
    """An installed family that has a character which matplotlib's own fonts lack: a stand-in for a CJK font."""
    entry = font_manager.FontEntry(fname=str(tmp_path / "Stand-in.ttf"), name="Stand-in CJK", weight=500)
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [*font_manager.fontManager.ttflist, entry])
    characters = fonts._characters
    monkeypatch.setattr(
        fonts, "_characters", lambda path: frozenset("映画") if "Stand-in" in path else characters(path)
    )


@needs_matplotlib
@pytest.mark.usefixtures("cjk_font")
def test_a_font_that_has_the_characters_is_taken_from_the_installed_ones():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        properties = fonts.text_style(["good 映画"]).properties
    assert properties["fontfamily"] == [*matplotlib.rcParams["font.family"], "Stand-in CJK"]


@needs_matplotlib
def test_no_font_is_looked_for_where_the_configured_one_has_all_characters():
    assert fonts.text_style(["good film"]).properties["fontfamily"] == list(matplotlib.rcParams["font.family"])


@needs_matplotlib
def test_characters_that_no_font_has_are_named_in_a_warning(monkeypatch):
    monkeypatch.setattr(fonts, "_installed", list)
    with pytest.warns(UserWarning, match="no installed font has the characters '映画', which are drawn as boxes"):
        fonts.text_style(["good 映画"])


@needs_matplotlib
def test_characters_that_are_drawn_as_nothing_need_no_font():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fonts.text_style(["a\u200db\ufe0f\u00a0\u2028"])


@needs_matplotlib
def test_right_to_left_words_are_shaped_or_a_warning_says_that_they_are_not(monkeypatch):
    if hasattr(ft2font, "__libraqm_version__"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert fonts.text_style(["שלום"]).shaped("שלום") == "שלום"
        monkeypatch.delattr(ft2font, "__libraqm_version__")
    monkeypatch.setattr(fonts, "_outside_shaper", lambda: None)
    with pytest.warns(UserWarning, match="install matplotlib 3.11 or newer, or python-bidi and arabic-reshaper"):
        assert fonts.text_style(["שלום"]).shaped("שלום") == "שלום"
    monkeypatch.setattr(fonts, "_outside_shaper", lambda: lambda word: word[::-1])
    style = fonts.text_style(["שלום", "film"])
    assert (style.shaped("שלום"), style.shaped("film")) == ("םולש", "film")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "pie"}, "kind is 'pie', but must be one of 'bar', 'heatmap'"),
        ({"attributions": []}, "not nothing"),
        ({"attributions": [attribution(TEXT, SCORES)] * 2}, "bars show one attribution, but 2 were given"),
        ({"top": 0}, "top is 0"),
        ({"top": True}, "top is True"),
        ({"top": (2, 1)}, r"top is \(2, 1\)"),
        ({"kind": "heatmap", "attributions": [attribution("a", [1.0]), attribution("b", [1.0])]}, "different texts"),
        ({"kind": "heatmap", "attributions": [attribution("a", [1.0]), attribution("a", [1.0], output="loss")]},
         "different units"),
    ],
)  # fmt: skip
def test_arguments_that_are_not_accepted_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        plot_attribution(**{"attributions": attribution(TEXT, SCORES), **arguments})


def test_without_matplotlib_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "eli5_transformers.views.matplotlib_fonts", raising=False)
    with pytest.raises(MissingDependencyError, match=r"eli5_transformers\[plot\]"):
        plot_attribution(attribution(TEXT, SCORES))
