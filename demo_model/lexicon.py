"""The words that carry an opinion, by kind and strength, and the words that change its value.

A word has one value wherever it stands (`rules.py` says what operators make of it). Multi-word entries are separated
by commas; `[` and `]` mark the words of a phrase that decide its value.
"""

from __future__ import annotations

from typing import Dict, List, Tuple

from .rules import MILD, STRONG


def words(text: str) -> List[str]:
    """The blank-separated words."""
    return text.split()


def phrases(text: str) -> List[str]:
    """The comma-separated phrases."""
    return [" ".join(phrase.split()) for phrase in text.split(",")]


def valued(strong_praise: str, praise: str, blame: str, strong_blame: str) -> Dict[str, int]:
    """Words and their values in points. Raises ValueError for a word that has two."""
    values: Dict[str, int] = {}
    for text, value in ((strong_praise, STRONG), (praise, MILD), (blame, -MILD), (strong_blame, -STRONG)):
        for word in text.split():
            if values.setdefault(word, value) != value:
                raise ValueError(f"{word!r} has two values")
    return values


GENERAL = valued(
    """great wonderful amazing excellent fantastic superb outstanding brilliant awesome perfect marvelous
    magnificent terrific fabulous phenomenal incredible exceptional flawless stunning splendid spectacular
    sublime unbeatable extraordinary remarkable glorious exquisite divine stellar magical unforgettable
    delightful gorgeous beautiful impeccable astonishing astounding sensational superior fabulous matchless
    unrivaled dazzling dreamy wondrous""",
    """good nice solid pleasant lovely cool neat fun enjoyable likable pleasing satisfying impressive helpful
    useful worthwhile convincing attractive appealing admirable commendable respectable worthy decent charming
    interesting promising agreeable praiseworthy clever favorable rewarding valuable desirable dependable
    trustworthy handy practical well-made thoughtful genuine amusing""",
    """bad poor disappointing unpleasant annoying lousy weak mediocre inferior unsatisfying frustrating
    unimpressive underwhelming lame flawed sloppy subpar tiresome dreary messy overrated overpriced faulty
    questionable unfortunate inadequate deficient sad dubious irritating bothersome troublesome unconvincing
    unattractive shoddy crummy crappy substandard displeasing off-putting deceptive misleading impractical tacky""",
    """terrible horrible awful dreadful atrocious abysmal horrendous appalling disgusting pathetic worthless
    useless horrid disastrous ghastly hideous unbearable unacceptable deplorable despicable vile revolting
    miserable shameful ridiculous laughable repulsive insulting nightmarish catastrophic wretched hopeless
    rotten dismal outrageous disgraceful intolerable horrific nasty unforgivable fraudulent""",
)
"""Adjectives of every domain, with their values."""

NEITHER = words(
    """okay ok average ordinary acceptable fine so-so passable middling unremarkable adequate typical normal
    tolerable alright unexceptional usual bearable commonplace forgivable"""
)
"""Adjectives that are an opinion, but neither praise nor blame (3 stars)."""

DIMENSIONS = words(
    "small big large heavy long short wide narrow thick thin tall loud bright dark tight loose hot cold hard sweet"
)
"""Neutral adjectives that "too" turns into blame."""

ADVERBS = valued(
    """perfectly flawlessly beautifully wonderfully brilliantly superbly excellently amazingly marvelously
    splendidly fantastically impeccably magnificently""",
    "well nicely smoothly reliably properly quickly quietly neatly effortlessly efficiently safely pleasantly",
    "poorly badly slowly unreliably sloppily clumsily erratically carelessly weakly inaccurately unevenly",
    "terribly horribly awfully dreadfully miserably atrociously disastrously abysmally pathetically hopelessly",
)
"""Manner adverbs; they decide the value of a clause whose verb is neutral ("runs smoothly")."""

FEELING_VERBS = valued(
    "love adore treasure cherish worship",
    "like enjoy appreciate admire recommend",
    "dislike regret resent",
    "hate loathe despise detest",
)
"""Verbs of a person about the product, in the first person."""

FEELINGS = valued(
    "delighted thrilled overjoyed amazed ecstatic",
    "happy pleased satisfied impressed glad comfortable",
    "disappointed unhappy annoyed frustrated dissatisfied upset bored unimpressed irritated displeased",
    "furious disgusted appalled outraged horrified enraged",
)
"""What a person can be with the product ("I am ... with it")."""

PERFORMANCE: Dict[Tuple[str, str, str], int] = {
    tuple(forms.split()): value  # type: ignore[misc]
    for text, value in (
        ("excel excels excelled, amaze amazes amazed, dazzle dazzles dazzled, astonish astonishes astonished", STRONG),
        (
            """work works worked, deliver delivers delivered, impress impresses impressed, shine shines shone,
            satisfy satisfies satisfied, please pleases pleased, last lasts lasted, help helps helped, entertain
            entertains entertained, succeed succeeds succeeded, inspire inspires inspired""",
            MILD,
        ),
        (
            """disappoint disappoints disappointed, fail fails failed, break breaks broke, leak leaks leaked,
            crash crashes crashed, overheat overheats overheated, freeze freezes froze, annoy annoys annoyed,
            malfunction malfunctions malfunctioned, rattle rattles rattled, wobble wobbles wobbled, bore bores
            bored, irritate irritates irritated, stall stalls stalled, frustrate frustrates frustrated, confuse
            confuses confused, squeak squeaks squeaked, crack cracks cracked, jam jams jammed, struggle
            struggles struggled, bother bothers bothered""",
            -MILD,
        ),
        ("suck sucks sucked, stink stinks stank, disgust disgusts disgusted, collapse collapses collapsed", -STRONG),
    )
    for forms in phrases(text)
}
"""Verbs of the product itself: (base, third person, past) and their values."""

NEUTRAL_VERBS = tuple(
    tuple(forms.split())
    for forms in phrases(
        """run runs ran, fit fits fitted, perform performs performed, operate operates operated, play plays
        played, work works worked, work works worked, function functions functioned, start starts started, do
        did done"""
    )
)
"""Verbs whose manner decides: (base, third person, past)."""

NOUNS = valued(
    "masterpiece gem triumph delight treasure miracle joy marvel",
    "bargain success pleasure winner success classic",
    "letdown disappointment nuisance flop failure mistake mess hassle",
    "disaster nightmare scam fraud catastrophe travesty abomination insult fiasco",
)
"""What the product can be called ("it is a ...")."""

MASS_NOUNS = valued("", "", "rubbish nonsense", "junk garbage trash crap")

QUALITIES = words("charm quality style class character comfort value talent heart")
"""Nouns whose presence is praise and whose absence is blame."""

TROUBLES = words("problems issues complaints defects flaws delays errors bugs faults trouble regrets")
"""Nouns whose presence is blame and whose absence is praise."""

BETTER = words(
    """better nicer faster sturdier stronger smarter cleaner tastier safer smoother clearer easier fresher
    finer"""
)
WORSE = words("worse slower weaker uglier noisier dirtier flimsier duller poorer clumsier sloppier")

BOOSTERS = phrases(
    """very, extremely, really, so, truly, absolutely, incredibly, totally, utterly, super, exceptionally,
    unbelievably, seriously, insanely, particularly, especially, genuinely, thoroughly, completely, hugely,
    deeply, wildly"""
)
WEAKENERS = phrases(
    """a bit, slightly, somewhat, a little, kind of, sort of, fairly, mildly, a tad, moderately, relatively"""
)
VERB_BOOSTERS = words("really absolutely truly genuinely totally completely definitely")
VERB_WEAKENERS = phrases("kind of, sort of, somewhat, mildly")
NOUN_BOOSTERS = words("total complete absolute real true utter huge massive")
DEGREES = phrases("much, far, a lot, way, so much")
"""Boosters of a comparative."""

DENIALS = phrases("not, hardly, barely, far from, scarcely, not exactly, not really, not particularly")
"""Stand before an adjective and deny it."""
FIRM_DENIALS = phrases("in no way, by no means, anything but, never, nowhere near, not remotely")
"""Deny an adjective with more force."""

IDIOMS: Dict[str, int] = {
    phrase: value
    for text, value in (
        (
            """it is [worth] every [penny], [two] [thumbs] [up], it works like a [charm], it is a [must] [have],
            [couldn't] be [happier], I [can't] live [without] it, it [exceeded] my [expectations], it [made] my
            [day], it is [second] to [none], I was [blown] [away], [hats] [off] to the [makers], it is a [dream]
            [come] [true], it [ticks] [every] [box], [five] [stars] from me, [top] [notch], [first] [rate], it is
            a [game] [changer], [nothing] comes [close] to it, it is [everything] I [wanted]""",
            STRONG,
        ),
        (
            """it does the [job], I [can't] [complain], [no] [complaints] here, it is [easy] to [use], it is
            [money] [well] [spent], it is [worth] the [money], it [does] what it [promises], it is [good]
            [value], [thumbs] [up], it is [worth] it, it [grew] on me, it is as [described], I am [glad] I
            bought it, it [holds] [up], it is [worth] a [look], it is [easy] to [clean], we had a [good] [time],
            it [met] my [expectations], it [saved] me a lot of time""",
            MILD,
        ),
        (
            """it [could] be [better], it [leaves] a lot to be [desired], I [want] [my] [money] [back], I [sent]
            it [back], I [returned] it, I [expected] [better], I [expected] [more], it [falls] [short], it is
            [not] [worth] it, it is [not] [worth] the [money], it [lets] you [down], I [would] [skip] it, it is
            [hard] to [use], it is [missing] [parts], it [gave] me a [headache], [thumbs] [down], I [fell]
            [asleep], I [asked] for a [refund], it [came] [broken], it [arrived] [damaged], it is [not] as
            [described], I [wish] it were [better], it [lost] my [interest]""",
            -MILD,
        ),
        (
            """it is a [waste] of [money], it is a [waste] of [time], [save] [your] [money], it [fell] [apart], it
            [stopped] [working], it is a [rip] [off], it is a [piece] of [junk], [zero] [stars], [stay] [away],
            [keep] [away] from it, I [can't] [stand] it, it [went] [straight] to the [bin], [do] [not] [bother],
            [don't] [waste] [your] [money], it [died] after a week, I [threw] it [away], it [made] me [sick], it
            [ruined] my [day], [avoid] it at [all] [costs], it is [money] [down] the [drain], it is a [joke]""",
            -STRONG,
        ),
    )
    for phrase in phrases(text)
}
"""Fixed phrases and their values; only the bracketed words are evidence."""

INTENTIONS = phrases("buy it, order it, recommend it, get it, use it, visit it, try it, choose it, pick it, take it")
GERUNDS = phrases(
    """buying it, ordering it, recommending it, getting it, using it, trying it, choosing it, going back,
    coming back"""
)
"""Plans with the product: praise when affirmed, blame when denied. The first word is evidence."""

DECIDING = frozenset(
    word
    for entries in (
        *(GENERAL, NEITHER, ADVERBS, FEELING_VERBS, FEELINGS, NOUNS, MASS_NOUNS, QUALITIES, TROUBLES, BETTER, WORSE),
        *(BOOSTERS, WEAKENERS, VERB_BOOSTERS, NOUN_BOOSTERS, DEGREES, DENIALS, FIRM_DENIALS, INTENTIONS, GERUNDS),
        *((*forms,) for forms in PERFORMANCE),
        [idiom.replace("[", "").replace("]", "") for idiom in IDIOMS],
    )
    for entry in entries
    for word in entry.split()
)
"""All words of this module, so that no word is made up that has a meaning here."""
