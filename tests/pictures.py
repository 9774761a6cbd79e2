"""Reads SVG pictures: their texts, their classes, and whether all of it lies within the picture."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"
_PIECE = re.compile(r"([MLHVZhv])([^MLHVZhv]*)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
ALLOWED = {
    *("svg", "title", "desc", "style", "g", "rect", "path", "text", "tspan"),
    *("clipPath", "linearGradient", "stop"),
}
"""Neither scripts, filters, fonts, links nor foreign content."""


@dataclass(frozen=True)
class Picture:
    """A parsed picture."""

    root: ET.Element

    @property
    def size(self) -> tuple[float, float]:
        left, top, width, height = map(float, self.root.attrib["viewBox"].split())
        assert (left, top) == (0, 0)
        return width, height

    @property
    def texts(self) -> list[str]:
        """The content of each text element."""
        return ["".join(text.itertext()) for text in self.root.iter(f"{SVG}text")]

    @property
    def title(self) -> str:
        return self.root.findtext(f"{SVG}title", "")

    @property
    def description(self) -> str:
        return self.root.findtext(f"{SVG}desc", "")

    def of_class(self, name: str) -> list[ET.Element]:
        return [one for one in self.root.iter() if name in one.attrib.get("class", "").split()]

    def points(self, name: str) -> list[list[tuple[float, float]]]:
        """The unbroken pieces of all paths of a class."""
        return [
            [(x, y) for x, y in pieces]
            for path in self.of_class(name)
            for pieces in _pieces(path.attrib["d"])
        ]


def read(svg: str) -> Picture:
    """Parse a picture, which must be well-formed, have a name, and lie within its borders."""
    picture = Picture(ET.fromstring(svg.encode()))  # noqa: S314 - our own picture
    assert picture.root.tag == f"{SVG}svg"
    for one in picture.root.iter():
        assert one.tag.removeprefix(SVG) in ALLOWED, one.tag
        assert not [name for name in one.attrib if name.startswith(("on", "style"))], one.attrib
        assert "url(" not in (one.text or "") or one.tag != f"{SVG}style"
        assert all(
            value in {"url(#s)", "url(#r)"}
            for value in one.attrib.values()
            if "url(" in value and one is not picture.root
        )
    assert picture.title
    width, height = picture.size
    for x, y in _places(picture.root):
        assert -0.05 <= x <= width + 0.05, x
        assert -0.05 <= y <= height + 0.05, y
    return picture


def _places(root: ET.Element) -> Iterator[tuple[float, float]]:
    """All corners and points; a number that is none (nan, inf) is an error."""
    for one in root.iter():
        given = one.attrib
        if one.tag == f"{SVG}path":
            yield from (point for piece in _pieces(given["d"]) for point in piece)
        elif one.tag == f"{SVG}rect":
            x, y = float(given.get("x", 0)), float(given.get("y", 0))
            width, height = _number(given["width"]), _number(given["height"])
            assert width >= 0
            assert height >= 0
            yield from ((x, y), (x + width, y + height))
        elif one.tag == f"{SVG}text":
            yield _number(given["x"]), _number(given["y"])


def _number(text: str) -> float:
    assert _NUMBER.fullmatch(text), text
    return float(text)


def _pieces(d: str) -> Iterator[list[tuple[float, float]]]:
    """The points of each piece of a path."""
    assert "".join(command + rest for command, rest in _PIECE.findall(d)) == d, d
    points: list[tuple[float, float]] = []
    for command, rest in _PIECE.findall(d):
        if command == "M" and points:
            yield points
            points = []
        if command != "Z":
            points.append(_point(command, list(map(_number, rest.split())), points[-1:]))
    if points:
        yield points


def _point(
    command: str, numbers: list[float], before: list[tuple[float, float]]
) -> tuple[float, float]:
    """Where a command of a path leads to."""
    if command in "ML":
        x, y = numbers
        return x, y
    [(x, y)], [number] = before, numbers
    return {
        "H": (number, y),
        "V": (x, number),
        "h": (x + number, y),
        "v": (x, y + number),
    }[command]
