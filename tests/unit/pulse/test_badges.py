"""Badges."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pulse.badges import (
    Badge,
    badge_json,
    badge_svg,
    contrast,
    downloads_badge,
    hexadecimal,
    problem_badge,
)
from pulse.image_parameters import COLORS, BadgeQuery
from pulse.models import BadgeStyle
from pulse.names import PackageName
from pulse.problems import (
    InternalError,
    NotConfigured,
    Problem,
    UnknownPackage,
    UpstreamThrottled,
    UpstreamTooSlow,
)
from pulse.stats import package_stats
from pulse.totals import package_total
from tests.counts import counts_of, daily
from tests.pictures import read

STYLES: list[BadgeStyle] = ["flat", "flat-square", "plastic"]
REQUESTS = PackageName.parse("requests")
ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=100)


def badge_of(*, stale: bool = False, **query: Any) -> Badge:  # noqa: ANN401 - any parameter
    rows = {"with_mirrors": daily(range(60), 1_234), "without_mirrors": daily(range(60), 10)}
    stats = package_stats(
        REQUESTS, counts_of(rows, stale=stale), mirrors=query.pop("mirrors", True)
    )
    return downloads_badge(stats, BadgeQuery.model_validate(query))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({}, "37k/month"),
        ({"period": "week"}, "8.6k/week"),
        ({"period": "day"}, "1.2k/day"),
        ({"mirrors": False}, "300/month"),
        ({"stale": True}, "37k/month as of 2026-11-21"),
    ],
)
def test_message_has_figure_and_period(query: dict[str, Any], message: str) -> None:
    assert badge_of(**query).message == message


def test_total_is_of_all_days() -> None:
    total = package_total(REQUESTS, counts_of({"with_mirrors": daily(range(60), 50)}), mirrors=True)
    badge = downloads_badge(total, BadgeQuery(period="total"))
    assert badge.message == "3k total"


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (UnknownPackage.named("x"), "unknown package"),
        (UpstreamTooSlow(), "no data yet"),
        (UpstreamThrottled(), "no data yet"),
        (NotConfigured(""), "not configured"),
        (InternalError(), "internal error"),
    ],
)
def test_badge_without_figures_is_grey_with_words(problem: Problem, words: str) -> None:
    badge = problem_badge(problem, "downloads")
    assert (badge.message, badge.color) == (words, None)
    assert badge_json(badge, "flat", 60).model_dump() == {
        "schemaVersion": 1,
        "label": "downloads",
        "message": words,
        "color": "lightgrey",
        "isError": True,
        "cacheSeconds": 60,
    }


@pytest.mark.parametrize("style", STYLES)
def test_badge_shows_label_and_message(style: BadgeStyle) -> None:
    picture = read(badge_svg(badge_of(label="PyPI"), style))
    assert set(picture.texts) == {"PyPI", "37k/month"}
    assert picture.title == picture.root.attrib["aria-label"] == "PyPI: 37k/month"
    assert picture.size[1] == (18 if style == "plastic" else 20)


@pytest.mark.parametrize("style", STYLES)
def test_default_style_is_left_out_for_shields_io(style: BadgeStyle) -> None:
    endpoint = badge_json(badge_of(), style, 60).model_dump()
    assert endpoint.get("style") == (None if style == "flat" else style)


def test_styles_differ() -> None:
    assert len({badge_svg(badge_of(), style) for style in STYLES}) == 3


def test_empty_label_leaves_the_message_alone() -> None:
    picture = read(badge_svg(badge_of(label=""), "flat-square"))
    assert picture.texts == ["37k/month"]
    assert picture.title == "37k/month"


@given(label=ANY_TEXT, message=ANY_TEXT.filter(str.isalnum), style=st.sampled_from(STYLES))
def test_any_text_makes_a_well_formed_badge(label: str, message: str, style: BadgeStyle) -> None:
    picture = read(badge_svg(Badge(label, message, "blue"), style))
    width, _ = picture.size
    lengths = [
        float(text.attrib["textLength"])
        for text in picture.root.iter()
        if "x" in text.attrib and "textLength" in text.attrib
    ]
    assert all(0 < length < width for length in lengths)


@pytest.mark.parametrize("color", [*COLORS, "fff", "#000", "8A2BE2", "#777777"])
def test_text_has_contrast(color: str) -> None:
    svg = badge_svg(Badge("downloads", "1M", BadgeQuery(color=color).color), "flat-square")
    fills = re.findall(r'fill="(#\w+)"', svg)
    *_, label_fill, message_fill, label_text, message_text = fills
    assert message_fill == hexadecimal(color)
    assert contrast(label_fill, label_text) >= 4.5
    assert contrast(message_fill, message_text) >= 4.4


@pytest.mark.parametrize("color", ["", "none", "#12", "12345", "red;", "url(#s)", "<b>", "#ffff"])
def test_other_colors_are_refused(color: str) -> None:
    with pytest.raises(ValidationError):
        BadgeQuery(color=color)


def test_long_label_is_refused() -> None:
    with pytest.raises(ValidationError):
        BadgeQuery(label="x" * 101)
