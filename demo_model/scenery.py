"""Everything of a generated sentence that carries no opinion: products, places, people, facts of a purchase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Tuple

from .lexicon import phrases, valued


@dataclass(frozen=True)
class Domain:
    """A kind of product: what it is called, what it has, and the opinions that only make sense about it."""

    things: Tuple[str, ...]
    aspects: Tuple[str, ...]
    adjectives: Dict[str, int]
    """Values in points, as in `lexicon.GENERAL`."""
    verb: str
    """Past participle of what one does with it ("the best film I have ever seen")."""


def _domain(verb: str, things: str, aspects: str, *adjectives: str) -> Domain:
    return Domain(tuple(things.split()), tuple(phrases(aspects)), valued(*adjectives), verb)


DOMAINS: Dict[str, Domain] = {
    "devices": _domain(
        "owned",
        """phone laptop tablet camera charger keyboard printer speaker monitor router drone watch mouse
        microphone projector console scanner headset computer radio""",
        """battery, screen, sound, display, cable, design, interface, signal, picture, volume, keyboard,
        battery life, sound quality""",
        "seamless blazing",
        "reliable responsive crisp fast sturdy durable sleek powerful accurate modern compact lightweight",
        "slow flimsy laggy unreliable glitchy fragile noisy clunky sluggish inaccurate outdated grainy",
        "defective unusable broken",
    ),
    "home": _domain(
        "used",
        """kettle blender toaster vacuum mattress pillow lamp chair desk sofa oven fan heater knife pan mug rug
        shelf fridge mop grill blanket freezer dishwasher carpet""",
        "handle, lid, fabric, finish, motor, assembly, surface, build quality, packaging, cord, filter, frame, color",
        "spotless luxurious",
        "sturdy practical comfy elegant quiet soft cozy warm robust stylish ergonomic tidy",
        "wobbly flimsy rickety smelly leaky rusty scratched cracked uncomfortable lumpy stained bulky",
        "defective broken unusable",
    ),
    "clothes": _domain(
        "worn",
        """jacket dress shirt coat sweater bag backpack wallet belt hat scarf skirt ring necklace hoodie
        blouse suit costume""",
        "fabric, zipper, stitching, fit, color, lining, size, material, strap, cut, collar, pattern",
        "luxurious adorable",
        "flattering stylish soft cozy chic comfy warm elegant pretty durable cute lightweight",
        "itchy scratchy baggy shabby ugly faded uncomfortable flimsy stained shapeless wrinkled torn",
        "unwearable",
    ),
    "films": _domain(
        "seen",
        "movie film series documentary sequel episode comedy thriller play musical cartoon show drama remake concert",
        """plot, story, acting, script, dialogue, ending, soundtrack, cast, pacing, cinematography, humor,
        camera work, lead actor""",
        "hilarious captivating mesmerizing riveting gripping breathtaking",
        "funny moving touching witty engaging entertaining heartwarming suspenseful charismatic original",
        "boring dull predictable tedious slow shallow confusing pointless unfunny cheesy forgettable stupid",
        "unwatchable insufferable",
    ),
    "books": _domain(
        "read",
        "book novel biography essay guide cookbook comic memoir trilogy textbook magazine manual poem",
        "plot, prose, writing, ending, first chapter, translation, argument, narration, style, hero, introduction",
        "captivating riveting gripping enchanting",
        "insightful readable absorbing informative inspiring compelling engaging funny wise poetic",
        "dry dull repetitive wordy rambling pretentious incoherent boring predictable stupid confusing tedious",
        "unreadable",
    ),
    "food": _domain(
        "tasted",
        """restaurant cafe pizza burger soup pasta salad steak dinner lunch breakfast bakery coffee curry
        dessert cake bar bistro diner sandwich taco tea chocolate wine""",
        """food, service, waiter, sauce, flavor, menu, portion, atmosphere, kitchen, bread, wine, dressing,
        staff, taste""",
        "delicious scrumptious mouthwatering heavenly",
        "tasty fresh yummy flavorful juicy crispy hearty authentic creamy friendly",
        "bland greasy soggy stale overcooked undercooked tasteless burnt watery rubbery lukewarm mushy",
        "inedible moldy rancid gross",
    ),
    "travel": _domain(
        "visited",
        "hotel hostel room flight cruise tour resort apartment museum beach cabin airline trip campsite villa",
        "bed, bathroom, view, staff, pool, location, shower, lobby, guide, wifi, reception, service, room service",
        "spotless luxurious breathtaking heavenly",
        "clean spacious welcoming relaxing scenic idyllic comfortable friendly central hospitable",
        "dirty cramped noisy musty shabby overcrowded dingy damp uncomfortable gloomy unfriendly uninviting",
        "filthy gross",
    ),
    "services": _domain(
        "tried",
        """app website game course software update browser podcast lesson class workshop gym bank clinic
        salon store shop""",
        """support, interface, login, checkout, service, tutorial, layout, staff, teacher, pricing, customer
        service, search""",
        "seamless",
        "intuitive smooth friendly efficient informative polite professional convenient courteous knowledgeable",
        "buggy confusing slow rude unhelpful clunky outdated unresponsive cluttered complicated unprofessional",
        "incompetent dishonest unusable",
    ),
    "toys": _domain(
        "had",
        "toy puzzle doll kite scooter bike stroller tricycle robot game train drum guitar ball",
        "wheel, seat, brake, paint, packaging, color, design, remote, box, idea, quality",
        "adorable mesmerizing",
        "safe colorful educational cute sturdy entertaining engaging creative durable",
        "unsafe wobbly flimsy fragile boring noisy creaky stupid cracked",
        "dangerous broken defective",
    ),
    "care": _domain(
        "used",
        "shampoo cream lotion perfume lipstick soap toothbrush razor sunscreen serum brush mascara conditioner balm",
        "smell, scent, texture, bottle, formula, pump, color, packaging, effect, price",
        "heavenly luxurious",
        "gentle refreshing soothing nourishing silky effective soft creamy natural",
        "sticky greasy harsh drying smelly ineffective oily watery itchy",
        "toxic gross",
    ),
}

NAMES = tuple(
    """Anna Ben Carla David Emma Frank Grace Henry Ivy Jack Karen Leo Maria Nathan Olivia Paul Rosa Sam Tina
    Victor Walter Zoe Alice Brian Chloe Daniel Elena George Hannah Ian Julia Kevin Laura Mark Nina Oscar Peter
    Rachel Simon Tom""".split()
)
CITIES = tuple(
    """Berlin Boston Chicago Dublin Geneva Houston Lima London Madrid Milan Paris Prague Rome Seattle Tokyo
    Toronto Vienna Zurich Denver Austin Lisbon Oslo Athens Cairo Delhi Sydney""".split()
)
BRANDS = tuple(
    """Nordvik Kelmar Solvane Brixo Tandura Velano Quorra Hestia Lumora Zentra Arvato Pelico Ravello Okino
    Dextra""".split()
)
TIMES = tuple(
    phrases(
        """on Monday, on Tuesday, on Wednesday, on Thursday, on Friday, on Saturday, on Sunday, in January, in
        February, in March, in April, in May, in June, in July, in August, in September, in October, in
        November, in December, yesterday, last week, last month, last year, two weeks ago, a month ago, this
        morning, in the evening, at noon, before Christmas, in the summer, in the winter, in the afternoon, the
        other day, a few days ago, years ago"""
    )
)
RELATIONS = tuple(
    """wife husband sister brother mother father daughter son friend cousin neighbor uncle aunt boss colleague
    roommate girlfriend boyfriend grandmother partner teacher dog cat""".split()
)
NUMBERS = tuple(
    """two three four five six seven eight nine ten twelve 2 3 4 5 6 7 8 10 12 15 20 24 30 40 50 64 100 200
    500""".split()
)
PUNCTUATION = tuple("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\u2019\u2018\u201c\u201d\u2026\u2013\u2014")
"""All that the vocabulary has; what a keyboard has besides is unknown to the model."""
UNKNOWN_SYMBOLS = tuple("\u2605\u20ac\u00a3\u2122\u00b0\u2192\u2713\u4e2d")
COLORS = tuple("blue red green black white gray yellow brown purple pink orange silver golden beige".split())

ADJECTIVES = tuple(
    """old new wooden metal plastic round square empty second third last next whole local public early late
    young little electric digital paper leather cotton open closed full left right same different other main
    final daily weekly private national official common certain recent former free online foreign northern
    simple separate single double half""".split()
)
NOUNS = tuple(
    """house garden street car door window table kitchen office school city town village river lake mountain
    park bridge station train bus airport ticket letter box paper pen picture photo wall floor roof corner
    garage basement balcony stairs bottle glass cup plate spoon fork basket bucket rope ladder hammer nail screw
    button switch plug socket wire engine tire road map key lock clock candle mirror towel brush comb shoe boot
    sock glove umbrella tree flower leaf grass bird fish horse cow sheep chicken egg milk butter cheese apple
    orange lemon banana tomato potato onion rice sugar salt pepper oil water juice beer bag suitcase wallet coin
    bill bank market shop store counter shelf customer order package delivery courier warehouse label receipt
    form email message phone number call name address date day week month year hour minute morning evening night
    weekend birthday party wedding meeting project team company manager worker doctor nurse lawyer engineer
    driver farmer artist writer singer player student professor child baby boy girl man woman people family
    group member neighbor guest world country state county history science music song band dance theater camera
    screen computer program website page word sentence question answer story idea reason fact part piece side
    top bottom middle end start line circle square color size weight height length inch mile pound version model
    device machine tool""".split()
)
VERBS = tuple(
    """bought ordered took put left carried opened closed moved packed unpacked painted washed cleaned folded
    used placed found saw watched heard read wrote sent brought showed gave sold rented borrowed kept held
    turned pulled pushed cut built fixed installed charged connected plugged stored wrapped picked chose tried
    wore passed mentioned described counted measured needed wanted remembered forgot asked called visited
    followed met joined started stopped finished replaced tested compared noticed received got had made checked
    printed copied shared signed parked drove""".split()
)
PREPOSITIONS = tuple(
    "in on at under near behind beside from to with for into over through around after before across along by".split()
)
UNRELATED = tuple(
    """weather traffic news election exam meeting war flu headache rain snow storm winter heat commute interview
    match economy past week morning""".split()
)
"""What an opinion may be about without being about the product."""
PASTIMES = tuple(
    """Mondays rain snow jazz football chess Paris gardening spiders mornings summer winter cats dogs opera math
    swimming mushrooms onions poetry skiing history cooking knitting karaoke""".split()
)

FACTS = (
    "I bought it in {city} {time}",
    "I ordered it {time}",
    "it arrived {time}",
    "we got it from {brand} {time}",
    "{name} ordered the {color} one",
    "it comes in {color} and {color}",
    "it came in a {color} box with {number} {nouns}",
    "the parcel was left with my {relation}",
    "my {relation} has the same {thing}",
    "I have had this {thing} for {number} weeks",
    "we went there with {name} {time}",
    "the {thing} is made by {brand}",
    "it is a {color} {thing} from {brand}",
    "it was shipped from {city}",
    "this is my {number} order",
    "my {relation} gave me the {thing} {time}",
    "I use it in the {noun}",
    "we are {number} people in the {noun}",
    "the {thing} has {number} {nouns}",
    "it weighs {number} pounds",
    "it costs {number} dollars",
    "the {aspect} is {color}",
    "{name} and {name} came along",
    "I live in {city}",
    "I read about it in a {noun}",
    "it is for my {relation}",
    "the {noun} is {prep} the {noun}",
    "I am a {noun} from {city}",
    "the {relation} of my {relation} works for {brand}",
    "it is the {adjective} version",
    "this was a gift from my {relation}",
    "the instructions are on the {adjective} page",
    "this review is about the {color} {thing}",
    "the manual is in {number} languages",
    "I have a {thing} from {brand} too",
    "there are {number} of them in the box",
    "the {aspect} is {dimension}",
    "it is {dimension} and {color}",
    "the {adjective} {thing} is {dimension}",
    "{name} {verb} the {thing} {prep} {city}",
    "I {verb} the {noun} {prep} the {noun}",
    "my {relation} {verb} a {adjective} {noun} {time}",
    "the {adjective} {noun} {verb} the {noun}",
    "we {verb} it {prep} the {adjective} {noun}",
    "{name} {verb} the {noun} {time}",
    "they {verb} {number} {nouns} {prep} {city}",
    "you will find the {noun} {prep} the {thing}",
    "she {verb} her {noun} and he {verb} his {noun}",
    "who {verb} the {noun}?",
    "what is the {noun} for?",
    "it has a {noun}, a {noun} and a {noun}",
    "the {thing} {prep} the {noun} is from {brand}",
    "model {code} was made {time}",
    "{brand} {verb} the {noun} when I {verb} it",
    "there is a {adjective} {noun} as well",
    "our {noun} was {prep} the {noun} {time}",
    "these are the {nouns} which came {time}",
    "if you have a {noun}, you can do this {time}",
    "only the {adjective} {noun} can do that",
    "it does have more than one {noun}",
    "that is where {name} would go because of the {noun}",
    "some {nouns} should be {prep} the {noun}",
    "I think it is about the {noun}",
    "their {noun} could be {prep} any {noun}",
    "every {noun} has its {noun} now",
    "we do it just like {name} did",
    "how many {nouns} do you see here?",
    "let me know when the {noun} is here",
    "it costs ${number}",
    "{number}% of it is {color}",
    "the {noun} (from {brand}) is {prep} the {noun}",
    "size: {number}/{number}",
    "{brand} & {brand} made it",
    "this is #{number} of {number}",
    "write to {name}@{word}.com",
    "see www.{word}.com/{noun}",
    "it is {number} x {number} inches",
    "the {noun} is {color} + {color}",
    "there is a {symbol} on the {noun}",
    "the {noun} says {symbol}{symbol}",
    "the letter {letter} is on the {noun}",
    "part {letter}{number} and part {letter}{number}{number}",
    "they call it {word}",
    "{word} is the word for {word}",
    "it is not {color}",
    "it did not come in a {color} box",
    "I don't live in {city}",
    "I don't live in {city} anymore",
    "we won't be in {city} any sooner",
    "have you ever been to {city}?",
    "there isn't any {noun} in the {noun}",
    "my {relation} will be in {city} any time soon",
    "the {noun} is on sale again",
    "what is your job in {city}?",
    "we didn't go with {name}",
    "the {noun} isn't {prep} the {noun}",
    "there is no {noun} in the {noun}",
    "I never saw the {adjective} {noun}",
    "{name} has not been to {city}",
    "the {aspect} is very {dimension}",
    "the {noun} is a bit {dimension}",
    "I was not in {city} {time}",
    "my {relation} won't need the {noun} {time}",
    "it really is {color}",
)
"""Clauses without an opinion; the slots are filled by `generator.py`."""

MISLEADING_FACTS = (
    'I ordered it together with "{title}"',
    'we watched "{title}" the same evening',
    'the box mentions "{title}"',
    '"{title}" was playing in the {noun}',
    'my {relation} was reading "{title}" {time}',
    'it reminds me of "{title}"',
    'the chapter is called "{title}"',
    "the {unrelated} was {opinion_word} {time}",
    "the {unrelated} is {opinion_word} in {city}",
    "my {relation} {feels} {pastime}",
    "I {feel} {pastime}",
    "{name} {feels} {pastime}",
    "the {unrelated} went {opinion_adverb} {time}",
    "my {relation} was {feeling} about the {unrelated}",
)
"""Clauses whose opinion word does not count: it is part of a quoted title, or about something else."""

TITLE_NOUNS = tuple(
    """Garden Winter River Stranger Letter House Year Summer Secret Road Island Night Promise Journey
    Kingdom Truth Sky""".split()
)

OPENERS = tuple(
    phrases(
        """well, honestly, overall, in short, in the end, to be honest, so, anyway, by the way, first of all,
        also, again, at first, of course, maybe, perhaps, for me, personally, frankly, in fact, all in all, to
        sum up, finally, then, sometimes, today, now, yes, no, hello, hi, please note, as always, once more,
        after all, as a result, meanwhile, because of that, in general, since then, until now, apparently,
        obviously, basically, actually"""
    )
)
"""Put before a clause, with a comma; none of them changes its value."""
TAILS = tuple(
    phrases(
        """so far, to be honest, for sure, by the way, in my opinion, if you ask me, I guess, I think, I
        suppose, as usual, for now, as well, too, already, still, in the end, after all, this time, these days,
        so to speak, indeed, you know"""
    )
)
"""Put behind a clause; none of them changes its value."""
