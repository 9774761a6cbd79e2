"""The drop-in's bodies have upstream's rows, order and keys: 50 packages and all endpoints, 12 with all values.

Upstream finds nothing for `other` and `null`; there we compare with its unfiltered rows.
"""

from collections.abc import Iterable

import httpx
import pytest

from pulse.dropin import upstream_series
from pulse.names import PackageName
from pulse.pypistats import UpstreamAnswer, read_answer
from pulse.questions import Breakdown, Question
from tests.http.conftest import NOON
from tests.http.served import Served
from tests.http.side_by_side import BothAnswers, ask_both, rows_of
from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.packages import (
    ALL_OF_PYPI,
    DEBUT,
    DOWNLOADS_PER_DAY,
    HERMIT,
    NEWCOMER,
)

ODD_ONES = [ALL_OF_PYPI, NEWCOMER, DEBUT, HERMIT]
PACKAGES = [*ODD_ONES, *[name for name in DOWNLOADS_PER_DAY if name not in ODD_ONES][::4]][:50]
FILTERS = {"python_major": "version", "python_minor": "version", "system": "os"}
SERIES = ["overall", *FILTERS]
NOT_FOUND_UPSTREAM = {"null", "other"}
WITHOUT_ROWS = {"python_major": ["7"], "python_minor": ["7.7", "3.1"], "system": []}
"""Valid values that no row has."""


def test_fifty_packages_include_odd_ones() -> None:
    assert len(set(PACKAGES)) == 50
    assert {*ODD_ONES} < {*PACKAGES}


def differing(answers: Iterable[BothAnswers]) -> list[str]:
    """The requests for which our body differs from upstream's."""
    return [both.target for both in answers if not both.same_body()]


@pytest.mark.parametrize("endpoint", ["recent", *SERIES])
def test_bodies_match_without_parameters(
    api: Served, fake_pypistats: FakePypistats, endpoint: str
) -> None:
    answers = ask_both(
        api, fake_pypistats, [f"/api/packages/{name}/{endpoint}" for name in PACKAGES]
    )
    assert {both.upstreams.status_code for both in answers} == {200}
    assert differing(answers) == []


@pytest.mark.parametrize("query", ["mirrors=true", "mirrors=false"])
def test_bodies_match_with_mirrors_parameter(
    api: Served, fake_pypistats: FakePypistats, query: str
) -> None:
    targets = [f"/api/packages/{name}/overall?{query}" for name in PACKAGES]
    assert differing(ask_both(api, fake_pypistats, targets)) == []


@pytest.mark.parametrize("value", ["", "1", "0", "False", "True", "TRUE", "maybe", "true%20"])
def test_other_mirrors_values_give_both_categories(
    api: Served, fake_pypistats: FakePypistats, value: str
) -> None:
    both, plain = ask_both(
        api,
        fake_pypistats,
        [f"/api/packages/requests/overall?mirrors={value}", "/api/packages/requests/overall"],
    )
    assert both.same_body()
    assert both.ours.text == plain.ours.text


@pytest.mark.parametrize(
    "question",
    [
        "overall?mirrors=false&mirrors=true",
        "overall?mirrors=maybe&mirrors=true",
        "recent?period=week&period=day",
        "python_major?version=3&version=2",
        "python_minor?version=3.12&version=3.13",
        "system?os=linux&os=windows",
        "system?os=linux&_=1795694400000",
        "overall?&mirrors=true",
        "overall?&",
    ],
)
def test_first_of_repeated_parameter_counts(
    api: Served, fake_pypistats: FakePypistats, question: str
) -> None:
    (both,) = ask_both(api, fake_pypistats, [f"/api/packages/requests/{question}"])
    assert both.same_body()


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_recent_bodies_match_in_every_period(
    api: Served, fake_pypistats: FakePypistats, period: str
) -> None:
    targets = [f"/api/packages/{name}/recent?period={period}" for name in PACKAGES]
    assert differing(ask_both(api, fake_pypistats, targets)) == []


@pytest.mark.parametrize(("endpoint", "parameter"), FILTERS.items())
def test_bodies_match_with_version_or_system(
    api: Served, fake_pypistats: FakePypistats, endpoint: str, parameter: str
) -> None:
    paths = [f"/api/packages/{name}/{endpoint}" for name in PACKAGES[:12]]
    targets, answered_empty_upstream = [], {}
    for path, unfiltered in zip(paths, ask_both(api, fake_pypistats, paths), strict=True):
        rows = rows_of(unfiltered.upstreams)
        categories = {row["category"] for row in rows}
        values = [*(categories - NOT_FOUND_UPSTREAM), *WITHOUT_ROWS[endpoint]]
        targets += [f"{path}?{parameter}={value}" for value in values]
        for category in categories & NOT_FOUND_UPSTREAM:
            answered_empty_upstream[f"{path}?{parameter}={category}"] = [
                row for row in rows if row["category"] == category
            ]

    assert len(targets) > 2 * len(paths)
    # Upper and lower case are the same for every package.
    targets += [spelt for target in targets[-9:] for spelt in _in_every_case(target)]
    assert differing(ask_both(api, fake_pypistats, targets)) == []

    assert len(answered_empty_upstream) > len(paths) // 2
    improved = ask_both(api, fake_pypistats, list(answered_empty_upstream))
    assert all(rows_of(both.upstreams) == [] for both in improved)
    assert [
        both.target for both in improved if not both.same_rows(answered_empty_upstream[both.target])
    ] == []


def _in_every_case(target: str) -> list[str]:
    asked, _, value = target.partition("=")
    return [f"{asked}={value.lower()}", f"{asked}={value.upper()}"]


@pytest.mark.parametrize(
    ("question", "value"),
    [
        *[("system?os", value) for value in ("OTHER", "Other", "NULL", "Null")],
        *[("python_major?version", value) for value in ("null", "NULL", "nUlL")],
        *[("python_minor?version", value) for value in ("null", "NULL", "nUlL")],
    ],
)
def test_systems_are_found_in_any_case(
    api: Served, fake_pypistats: FakePypistats, question: str, value: str
) -> None:
    path = f"/api/packages/requests/{question.partition('?')[0]}"
    asked = f"/api/packages/requests/{question}={value}"
    unfiltered, filtered = ask_both(api, fake_pypistats, [path, asked])
    rows = [row for row in rows_of(unfiltered.upstreams) if row["category"] == value.lower()]
    assert rows
    assert filtered.same_rows(rows)


@pytest.mark.parametrize("endpoint", SERIES)
def test_real_figures_have_no_source_key(fake_pypistats: FakePypistats, endpoint: str) -> None:
    """A body with real figures equals upstream's to the byte."""
    upstreams = httpx.get(
        f"{fake_pypistats.url}/api/packages/requests/{endpoint}", trust_env=False
    ).text
    asked = Question(PackageName.parse("requests"), Breakdown(endpoint))
    counts = read_answer(asked, UpstreamAnswer(200, {}, upstreams.encode(), NOON))
    answer = upstream_series(asked.package, asked.breakdown, counts)
    assert answer.model_dump_json() + "\n" == upstreams
