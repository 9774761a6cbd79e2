"""Text in SVG images."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.svg_text import abbreviated, clean, escaped, shortened, width_px, wrapped

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=60)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (7, "7"),
        (999, "999"),
        (1_000, "1k"),
        (1_234, "1.2k"),
        (12_345, "12.3k"),
        (99_949, "99.9k"),
        (99_950, "100k"),
        (999_499, "999k"),
        (999_999, "1M"),
        (3_400_000, "3.4M"),
        (1_399_132_123, "1.4B"),
        (2_000_000_000_000, "2T"),
        (2**63 - 1, "9223372T"),
        (0.5, "0.5"),
        (12.25, "12.2"),
    ],
)
def test_numbers_are_short(number: float, text: str) -> None:
    assert abbreviated(number) == text


@given(st.integers(0, 10**15))
def test_short_number_is_close(number: int) -> None:
    text = abbreviated(number)
    unit = {"k": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}.get(text[-1], 1)
    assert float(text.rstrip("kMBT")) * unit == pytest.approx(number, rel=0.05)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x00b\x1b\x7f\x9fc", "abc"),
        ("\ud800a\udfff", "a"),
        ("a\ufffe\uffffb", "ab"),
        ("\u202eabc\u2066", "abc"),
        (" a\n\tb ", "a b"),
        ("été 日本 🐍", "été 日本 🐍"),
    ],
)
def test_unsafe_characters_are_dropped(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(ANY_TEXT)
def test_escaped_text_is_well_formed(text: str) -> None:
    element = ET.fromstring(f'<a b="{escaped(text)}">{escaped(text)}</a>'.encode())  # noqa: S314 - our own
    assert (element.text or "") == clean(text)
    assert element.attrib["b"] == clean(text)


@given(ANY_TEXT, st.floats(5, 200))
def test_shortened_text_fits(text: str, most_px: float) -> None:
    cut = shortened(text, most_px, 11)
    assert cut == "…" or width_px(cut, 11) <= most_px
    assert cut == clean(text) or cut.endswith("…")


def test_widths_are_those_of_verdana() -> None:
    assert width_px("downloads", 11) == pytest.approx(58.4, abs=0.1)
    assert width_px("日本", 11) == 22
    assert width_px("e\u0301", 11) == width_px("e", 11)


def test_text_is_wrapped_and_cut() -> None:
    lines = wrapped("one two three four five six", 40, 11, most_lines=3)
    assert lines[0] == "one"
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert wrapped("", 40, 11, most_lines=3) == [""]
