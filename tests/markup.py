"""What a piece of HTML consists of, apart from its texts."""

import re
from html.parser import HTMLParser

ELEMENTS = set(
    "html head meta title style body div section p br b i span small bdi sup pre table thead tbody tr td th h1 h2 h3 "
    "details summary figure svg polyline text".split()
)
DRAWING = set(
    "viewbox width height role aria-label points fill stroke stroke-width stroke-dasharray x y font-size text-anchor".split()
)
ATTRIBUTES = {"class", "style", "title", "colspan", "open", *DRAWING}
OF_META = {"charset", "name", "content", "http-equiv"}
# Colours, lengths and words; neither url() nor anything that could end the attribute.
STYLE = re.compile(r"([a-z-]+: ?(hsl\([-\d., %a-z]+\)|linear-gradient\([-\w., %()]+\)|[\w.% #-]+);?\s*)*")
# What no page holds, whatever its data: controls, overrides, halves of characters.
OBEYED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class _Parts(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts, self.values, self._inside = [], [], ""

    def handle_starttag(self, tag, attributes):
        self.parts.append((tag, *(name for name, _ in attributes)))
        self.values += [(tag, name, value) for name, value in attributes]
        self._inside = tag

    def handle_endtag(self, tag):
        self.parts.append((f"/{tag}",))
        self._inside = ""

    def handle_data(self, data):
        if self._inside in ("style", "script"):
            self.parts.append((self._inside, data))

    def handle_comment(self, data):
        self.parts.append(("comment", data))

    def handle_decl(self, data):
        self.parts.append(("declaration", data))

    def handle_pi(self, data):
        self.parts.append(("instruction", data))

    def unknown_decl(self, data):
        self.parts.append(("unknown", data))


def _parsed(html):
    parser = _Parts()
    parser.feed(html)
    parser.close()
    return parser


def parts(html):
    """Elements, their ends, comments and the texts of styles and scripts, in order, and all attributes but for titles."""
    parsed = _parsed(html)
    return parsed.parts, [value for value in parsed.values if value[1] != "title"]


def faults(html):
    """What of `html` is no markup of ours, or a character that a screen obeys."""
    parsed, found = _parsed(html), OBEYED.findall(html)
    for tag, *rest in parsed.parts:
        if tag == "style" and rest and ":" in rest[0]:
            found += re.findall(r"@import|url\(|expression|javascript", rest[0])
        elif tag != "declaration" and (
            tag.lstrip("/") not in ELEMENTS or not set(rest) <= (OF_META if tag == "meta" else ATTRIBUTES)
        ):
            found.append((tag, *rest))
    for tag, name, value in parsed.values:
        if (name == "style" and not STYLE.fullmatch(value or "")) or (
            name == "http-equiv" and value != "Content-Security-Policy"
        ):
            found.append((tag, name, value))
    return found
