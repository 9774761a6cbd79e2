"""Drawn charts: what is in the picture, for any figures."""

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.badges import contrast
from pulse.charts.data import ChartData, category_data, package_data
from pulse.charts.draw import draw, words
from pulse.charts.labels import spread
from pulse.charts.layout import Look
from pulse.charts.style import DARK, LIGHT, stylesheet
from pulse.daily_counts import days_from
from tests.counts import YESTERDAY, Rows, counts_of, daily, day
from tests.pictures import Picture, read

DAYS = 120
SCALES = st.sampled_from(["linear", "log", "index", "share"])
PERIODS = st.sampled_from(["day", "week", "month"])
WIDTHS = st.sampled_from([320, 400, 559, 560, 800, 1600])
ANY_NAME = st.text(st.characters(exclude_categories=[]), max_size=200)
COUNTS = st.lists(
    st.none() | st.integers(0, 5) | st.integers(0, 2**63 - 1), min_size=1, max_size=DAYS
)


def days_back(number: int) -> list[dt.date]:
    return list(days_from(day(number - 1), YESTERDAY))


def packages(series: Mapping[str, Sequence[int | None]], number: int = DAYS) -> ChartData:
    """A chart of packages with these counts, which end yesterday."""
    rows = {
        name: {day(ago): count for ago, count in enumerate(reversed(counts)) if count is not None}
        for name, counts in series.items()
    }
    counts = {name: counts_of({"with_mirrors": of}, YESTERDAY) for name, of in rows.items()}
    return package_data(counts, days_back(number), mirrors=True)


def drawn(data: ChartData, **look: Any) -> Picture:  # noqa: ANN401 - any option
    return read(draw(data, Look("Downloads", **look)))


@given(
    series=st.dictionaries(ANY_NAME, COUNTS, min_size=1, max_size=10),
    scale=SCALES,
    period=PERIODS,
    width=WIDTHS,
)
def test_any_figures_make_a_picture(
    series: dict[str, list[int | None]],
    scale: Any,  # noqa: ANN401 - a literal
    period: Any,  # noqa: ANN401 - a literal
    width: int,
) -> None:
    """Well-formed, with finite coordinates within its borders."""
    drawn(packages(series), scale=scale, period=period, width=width)


@given(
    categories=st.dictionaries(ANY_NAME, COUNTS, min_size=1, max_size=30),
    scale=SCALES,
    period=PERIODS,
)
def test_any_categories_make_a_picture(
    categories: dict[str, list[int | None]],
    scale: Any,  # noqa: ANN401 - a literal
    period: Any,  # noqa: ANN401 - a literal
) -> None:
    rows = {
        (name, day(ago)): count
        for name, counts in categories.items()
        for ago, count in enumerate(counts)
        if count is not None
    }
    data = category_data("country", counts_of(rows, YESTERDAY), days_back(DAYS))
    drawn(data, scale=scale, period=period)


@given(ANY_NAME, st.lists(ANY_NAME, max_size=3), WIDTHS)
def test_any_words_make_a_picture(title: str, lines: list[str], width: int) -> None:
    assert read(words("Invalid input", lines, Look(f"x{title}", width=width))).title


def test_gap_breaks_the_line_of_single_days() -> None:
    counts = [100 if place != 50 else None for place in range(DAYS)]
    picture = drawn(packages({"a": counts}))
    before, after = picture.points("thin")
    assert (len(before), len(after)) == (50, 69)
    assert len(picture.points("line")) == 1
    assert len(picture.of_class("lost")) == 1


def test_gap_is_never_at_the_bottom() -> None:
    counts = [100 if place % 11 else None for place in range(DAYS)]
    picture = drawn(packages({"a": counts}))
    bottom = max(y for piece in picture.points("axis") for _, y in piece)
    assert all(y < bottom - 50 for piece in picture.points("thin") for _, y in piece)


def test_day_between_gaps_is_a_dot() -> None:
    counts = [5 if place % 2 else None for place in range(DAYS)]
    picture = drawn(packages({"a": counts}))
    assert len(picture.points("dot")) == DAYS / 2
    assert picture.of_class("lost") == []


def test_line_is_where_the_figures_are() -> None:
    """Positions read back from the picture are the counts."""
    counts = [10 * place for place in range(DAYS)]
    picture = drawn(packages({"a": counts}))
    (line,) = picture.points("thin")
    (x0, y0), (x1, y1) = line[0], line[-1]
    for place, (x, y) in enumerate(line):
        assert x == pytest.approx(x0 + (x1 - x0) * place / (DAYS - 1), abs=0.1)
        assert y == pytest.approx(y0 + (y1 - y0) * place / (DAYS - 1), abs=0.1)


def test_shares_add_up() -> None:
    rows = {"3.9": daily(range(30), 30), "3.10": daily(range(30), 70)}
    data = category_data("python_minor", counts_of(rows), days_back(30))
    picture = drawn(data, scale="share")
    labels = [text for text in picture.texts if text.startswith("3.")]
    assert labels == ["3.9 30%", "3.10 70%"]
    tops = [min(y for _, y in piece) for piece in picture.points("area")]
    bottom = max(y for piece in picture.points("area") for _, y in piece)
    whole, part = bottom - tops[0], bottom - tops[1]
    assert part / whole == pytest.approx(0.3, abs=0.01)


def test_shares_begin_with_the_first_mean() -> None:
    """The shares of a few weekdays are no trend."""
    rows = {"3.9": {day(ago): 30 for ago in range(30)}, "3.10": {day(29): 900, day(0): 30}}
    picture = drawn(
        category_data("python_minor", counts_of(rows), days_back(30)), scale="share", width=800
    )
    left, right = picture.points("axis")[0]
    begin = min(x for piece in picture.points("area") for x, _ in piece)
    assert begin == pytest.approx(left[0] + (right[0] - left[0]) * 6 / 30, abs=0.1)


@pytest.mark.parametrize(("number", "are_bars"), [(180, True), (3600, False)])
def test_narrow_bars_of_shares_are_areas(number: int, *, are_bars: bool) -> None:
    """Else hardly more than the gaps between ten years' months could be seen."""
    rows = {name: daily(range(number), 1) for name in ("3.9", "3.10")}
    data = category_data("python_minor", counts_of(rows), days_back(number))
    picture = drawn(data, scale="share", period="month", width=400)
    assert (len(picture.points("area")) > 2) is are_bars


@pytest.mark.parametrize("scale", ["share", "linear"])
def test_sixty_countries_are_ten_and_the_rest(scale: Any) -> None:  # noqa: ANN401 - a literal
    names = [chr(ord("A") + place // 26) + chr(ord("A") + place % 26) for place in range(60)]
    rows: Rows = {
        **{name: daily(range(30), 1 + place) for place, name in enumerate(names)},
        "other": daily(range(30), 7),
        "null": daily(range(30), 3),
    }
    data = category_data("country", counts_of(rows), days_back(30))
    picture = drawn(data, scale=scale, width=400)
    assert {*names[-10:], "other", "unknown"} <= set(picture.texts)
    assert len(picture.of_class("area" if scale == "share" else "line")) == 12


def test_long_title_takes_two_lines() -> None:
    title = "requests: share of downloads by operating system"
    picture = read(draw(packages({"a": [5] * DAYS}), Look(title, width=400)))
    assert " ".join(picture.texts[:2]) == picture.title == title
    whole = read(draw(packages({"a": [5] * DAYS}), Look("Downloads", width=400)))
    assert picture.size[1] == whole.size[1] + 20


def test_index_begins_at_100() -> None:
    data = packages({"a": [10] * 60 + [20] * 60, "b": [1_000] * 120})
    texts = drawn(data, scale="index").texts
    assert {"a 200", "b 100"} <= set(texts)


@pytest.mark.parametrize(("scale", "lowest"), [("log", "5k"), ("index", "100")])
def test_incomplete_weeks_do_not_stretch_the_axis(scale: Any, lowest: str) -> None:  # noqa: ANN401 - a literal
    """They are left out of lines. The range begins on a Sunday, so its first week has a single day."""
    picture = drawn(packages({"a": [1_000] * 56}, 56), scale=scale, period="week")
    assert picture.texts[1:3] == ["logarithmic" if scale == "log" else "first week = 100", lowest]


def test_log_scale_shows_what_linear_hides() -> None:
    data = packages({"big": [10**8] * DAYS, "middle": [10**6] * DAYS, "small": [10**4] * DAYS})
    heights = {}
    for scale in ("linear", "log"):
        picture = drawn(data, scale=scale)
        bottom = picture.points("axis")[0][0][1]
        heights[scale] = [bottom - picture.points(name)[0][0][1] for name in ("s0", "s1", "s2")]
    assert heights["linear"][1] < 5
    assert heights["log"][1] == pytest.approx(heights["log"][0] / 2, abs=1)


def test_incomplete_periods_are_pale() -> None:
    picture = drawn(packages({"a": [7] * 60}, 60), period="week")
    pale = picture.of_class("part")
    assert 1 <= len(pale) <= 2
    assert "Pale or left out: incomplete weeks." in picture.texts[-1]


def test_many_narrow_bars_become_lines() -> None:
    series = {f"package-{number}": [number + 1] * 180 for number in range(10)}
    picture = drawn(packages(series, 180), period="week", width=400)
    assert len(picture.of_class("line")) == 10
    assert not picture.of_class("part")


def test_picture_says_what_it_is() -> None:
    data = packages({"a": [1_234] * DAYS, "b": [None] * 60 + [5] * 60})
    picture = drawn(data, details=["with mirrors"], notes=["c: unknown package."])
    assert picture.title == picture.texts[0] == "Downloads"
    assert picture.texts[1] == "7-day mean · with mirrors · thin: single days"
    assert "a: 148,080 downloads, 1,234 on 2026-11-21." in picture.description
    assert "b: 300 downloads, 5 on 2026-11-21." in picture.description
    assert picture.texts[-1] == "pypistats.org, up to 21 Nov 2026. c: unknown package."
    assert picture.root.attrib["role"] == "img"
    ids = picture.root.attrib["aria-labelledby"].split()
    assert ids == [one.attrib["id"] for one in picture.root if "id" in one.attrib]


def test_series_that_can_not_be_drawn_is_named() -> None:
    data = packages({"a": [5] * DAYS, "dead": [0] * DAYS})
    assert "Nothing to draw for dead." in drawn(data, scale="index").texts[-1]


@pytest.mark.parametrize("series", [{}, {"a": [None]}])
def test_nothing_is_said_in_words(series: dict[str, list[int | None]]) -> None:
    data = package_data(
        {name: counts_of({}, YESTERDAY) for name in series or ["a"]}, days_back(5), mirrors=True
    )
    assert "No data" in drawn(data).texts


def test_stale_and_invented_figures_say_so() -> None:
    counts = counts_of({"with_mirrors": daily(range(9))}, source="simulated", stale=True)
    texts = drawn(package_data({"a": counts}, days_back(9), mirrors=True)).texts
    assert "Invented figures of a fake pypistats.org." in texts
    assert "Not the newest figures: these could not be renewed." in texts


def test_embedded_chart_has_classes_alone() -> None:
    data = packages({"a": [5] * DAYS})
    embedded = draw(data, Look("Downloads", theme=None, id="one"))
    assert "<style" not in embedded
    assert 'id="one-title"' in embedded
    css = stylesheet("auto")
    for one in read(embedded).root.iter():
        for name in one.attrib.get("class", "").split():
            assert f".{name}{{" in css or name in {"chart", "d0", "d1", "d2"}, name


def test_hundred_and_more_labels_do_not_fit() -> None:
    picture = drawn(packages({"x" * 200: [5] * DAYS, "y" * 200: [6] * DAYS}), width=400)
    assert all(len(text) < 40 for text in picture.texts[2:-1])


def test_long_history_is_small() -> None:
    series = {f"package-{number}": list(range(3_600)) for number in range(10)}
    assert len(draw(packages(series, 3_600), Look("Downloads"))) < 200_000


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_lines_and_texts_have_contrast(palette: Any) -> None:  # noqa: ANN401 - a palette
    colors = [palette.text, palette.muted, palette.warning, *palette.lines]
    assert len({*palette.lines}) == 10
    for color in colors:
        assert contrast(color, palette.background) >= 4.6, color


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_background_is_opaque_in_every_theme(theme: Any) -> None:  # noqa: ANN401 - a literal
    svg = draw(packages({"a": [5] * DAYS}), Look("Downloads", theme=theme))
    picture = read(svg)
    (background,) = picture.of_class("bg")
    assert (float(background.attrib["width"]), float(background.attrib["height"])) == picture.size
    assert (LIGHT.background in svg) is (theme != "dark")
    assert (f"fill:{DARK.background}" in svg) is (theme != "light")
    assert ("prefers-color-scheme" in svg) is (theme == "auto")


@given(st.lists(st.floats(0, 300), max_size=12), st.floats(1, 20))
def test_labels_are_moved_apart(wanted: list[float], gap: float) -> None:
    places = spread(wanted, gap, 0, 300)
    assert len(places) == len(wanted)
    in_order = sorted(places)
    assert all(
        b - a >= min(gap, 300 / max(1, len(wanted) - 1)) - 1e-6 for a, b in pairwise(in_order)
    )
    assert all(-1e-6 <= place <= 300 + 1e-6 for place in places)


def test_label_that_has_room_stays() -> None:
    assert spread([200, 20, 24], 10, 0, 300) == [200, 17, 27]
