"""Text in SVG images: which characters are safe, how wide text is, and short numbers."""

import re
import unicodedata
from typing import Final

_SPACES: Final = re.compile(r"\s+")
_UNSAFE: Final = re.compile(
    # Control characters, surrogates and non-characters make XML ill-formed, even when escaped.
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    # These change the direction of the text around them.
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_ESCAPES: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
)

_EM: Final = 2048
_FIRST: Final = " "
# fmt: off
_VERDANA: Final = (
    720, 806, 940, 1676, 1302, 2204, 1488, 550, 930, 930, 1302, 1676, 745, 930, 745, 930,
    1302, 1302, 1302, 1302, 1302, 1302, 1302, 1302, 1302, 1302, 930, 930, 1676, 1676, 1676, 1117,
    2048, 1400, 1404, 1430, 1578, 1295, 1177, 1588, 1539, 862, 931, 1419, 1140, 1726, 1532, 1612,
    1235, 1612, 1424, 1400, 1262, 1499, 1400, 2025, 1403, 1260, 1403, 930, 930, 930, 1676, 1302,
    1302, 1230, 1276, 1067, 1276, 1220, 720, 1276, 1296, 562, 705, 1212, 562, 1992, 1296, 1243,
    1276, 1276, 874, 1067, 807, 1296, 1212, 1676, 1212, 1212, 1076, 1300, 930, 1300, 1676,
)
# fmt: on
"""The widths of the printable ASCII characters in Verdana, in 1/2048 of the font size."""

_OTHER: Final = 1400
"""The width of other characters: about that of a Cyrillic or Greek capital."""

_UNITS: Final = ("", "k", "M", "B", "T")
_THOUSAND: Final = 1000
_SHORT_BELOW: Final = 99.95
"""Numbers below it have one decimal, so that they have three digits at most."""


def clean(text: str) -> str:
    """The text on one line, without characters that are unsafe in XML or change its direction."""
    return _UNSAFE.sub("", _SPACES.sub(" ", text)).strip()


def escaped(text: str) -> str:
    """The cleaned text, escaped for XML: for an element's content or a quoted attribute."""
    return clean(text).translate(_ESCAPES)


def width_px(text: str, size_px: float) -> float:
    """The width of cleaned text in Verdana; most other sans-serif fonts are narrower."""
    return sum(map(_width, clean(text))) * size_px / _EM


def shortened(text: str, most_px: float, size_px: float) -> str:
    """The cleaned text, cut with an ellipsis if it is wider than `most_px`."""
    text = clean(text)
    if width_px(text, size_px) <= most_px:
        return text
    while text and width_px(f"{text}…", size_px) > most_px:
        text = text[:-1]
    return f"{text}…"


def wrapped(text: str, most_px: float, size_px: float, most_lines: int) -> list[str]:
    """The cleaned text in lines of at most `most_px`; the last one is cut if there are too many."""
    lines = [""]
    for word in clean(text).split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and len(lines) < most_lines and width_px(longer, size_px) > most_px:
            lines.append(word)
        else:
            lines[-1] = longer
    return [shortened(line, most_px, size_px) for line in lines]


def abbreviated(number: float) -> str:
    """A number of at most three digits, and its unit: 950, 1.2k, 3.4M, 120B."""
    unit = ""
    for unit in _UNITS:
        if round(number) < _THOUSAND or unit == _UNITS[-1]:
            break
        number /= _THOUSAND
    decimals = 1 if number < _SHORT_BELOW else 0
    return f"{number:.{decimals}f}".removesuffix(".0") + unit


def _width(character: str) -> int:
    place = ord(character) - ord(_FIRST)
    if 0 <= place < len(_VERDANA):
        return _VERDANA[place]
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0  # drawn over another character, or not at all
    return _EM if unicodedata.east_asian_width(character) in "WF" else _OTHER
