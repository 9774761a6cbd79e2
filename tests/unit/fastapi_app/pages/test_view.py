"""One view has one address, and one address one view."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastapi_app.pages.view import View
from pulse.problems import InvalidInput
from pulse.target import query_parameters

AS_OF = dt.date(2026, 11, 21)

names = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)
views = st.builds(
    lambda packages, days, period, scale, mirrors: View.read(
        [
            ("packages", " ".join(packages)),
            ("days", days),
            ("period", period),
            ("scale", scale),
            ("mirrors", mirrors),
        ]
    ),
    st.lists(names, max_size=10),
    st.sampled_from(["30", "90", "180", "365", "all"]),
    st.sampled_from(["day", "week", "month"]),
    st.sampled_from(["linear", "log", "index", "share"]),
    st.sampled_from(["true", "false"]),
)


@given(views)
def test_address_of_a_view_is_read_as_that_view(view: View) -> None:
    again = View.read(query_parameters(view.query()))
    assert again == view
    assert again.query() == view.query()


@given(st.lists(names, min_size=1, max_size=10), st.data())
def test_order_and_spelling_do_not_matter(packages: list[str], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(packages))
    spelt = ",".join(name.upper().replace("-", "_") for name in shuffled)
    separate = [("packages", name) for name in packages]
    assert View.read([("packages", spelt)]) == View.read(separate)


def test_changed_option_keeps_the_others() -> None:
    view = View.read([("packages", "a,b"), ("scale", "log")])
    assert view.query(days="30") == "packages=a,b&days=30&scale=log"
    assert view.query(packages=["b"]) == "packages=b&scale=log"
    assert view.query(scale="linear") == "packages=a,b"


@pytest.mark.parametrize(
    ("query", "parameter", "detail"),
    [
        ([("packages", "a,-b-,c")], "packages", "'-b-' is invalid."),
        ([("packages", ",".join("abcdefghijk"))], "packages", "At most 10 packages"),
        ([("days", "31")], "days", "'30', '90'"),
        ([("mirrors", "yes")], "mirrors", "'true' or 'false'"),
    ],
)
def test_invalid_value_is_named(query: list[tuple[str, str]], parameter: str, detail: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        View.read(query)
    (error,) = raised.value.errors or []
    assert error.parameter == parameter
    assert detail in error.detail


@pytest.mark.parametrize(
    ("days", "start"),
    [("30", dt.date(2026, 10, 23)), ("180", dt.date(2026, 5, 26)), ("all", dt.date.min)],
)
def test_range_ends_with_the_newest_day(days: str, start: dt.date) -> None:
    assert View.read([("days", days)]).start(AS_OF) == start
