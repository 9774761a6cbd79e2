"""Paths and queries as the routes know them."""

import re
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.target import instance, query_parameters, route_path

PATHS = st.text(alphabet="/%02aAfF5.é\n\0 ?#", max_size=30).map("/".__add__)


@pytest.mark.parametrize(
    ("raw_path", "path"),
    [
        ("/packages/requests", "/packages/requests"),
        ("/packages/%72equests", "/packages/requests"),
        ("/packages/%F0%9F%98%80", "/packages/😀"),
        ("/packages/a%2Fb%2fc", "/packages/a%2Fb%2fc"),
        ("/packages/a%00b%0A%7f", "/packages/a%00b%0A%7f"),
        ("/packages/100%", "/packages/100%25"),
        ("/packages/100%25", "/packages/100%25"),
        ("/packages/a%252Fb", "/packages/a%252Fb"),
    ],
)
def test_all_is_decoded_but_what_would_change_a_segment(raw_path: str, path: str) -> None:
    assert route_path(raw_path) == path


@given(PATHS)
def test_a_path_has_the_segments_that_were_sent(raw_path: str) -> None:
    sent = [unquote(re.sub("%(?![0-9a-fA-F]{2})", "%25", one)) for one in raw_path.split("/")]
    assert [unquote(one) for one in route_path(raw_path).split("/")] == sent


@given(PATHS)
def test_what_was_encoded_as_it_has_to_be_leads_to_the_same(raw_path: str) -> None:
    path = route_path(quote(raw_path, safe="/%"))
    assert not set("\n\0") & set(path)
    assert route_path(instance(path)) == path
    assert re.fullmatch(r"([A-Za-z0-9._~/-]|%[0-9A-Fa-f]{2})*", instance(path))


@pytest.mark.parametrize("path", ["/" + "a" * 9_000, "/" + "%2F" * 3_000, "/" + "😀" * 3_000])
def test_of_a_long_path_an_instance_has_the_start(path: str) -> None:
    cut = instance(path)
    assert len(cut) < 3_000
    assert cut.endswith(quote("…"))
    assert re.fullmatch(r"([a/]|%[0-9A-F]{2})*", cut)


def test_an_empty_query_has_no_parameters() -> None:
    assert query_parameters("") == []
    assert query_parameters("&&") == []


def test_the_first_value_counts_but_of_packages_all() -> None:
    query = "by=a&packages=x&by=b&packages[]=y&_=1&packages%5B%5D=&by="
    assert query_parameters(query) == [
        ("by", "a"),
        ("packages", "x"),
        ("packages", "y"),
        ("packages", ""),
    ]


@pytest.mark.parametrize("name", ["packages[0]", "packages[", "by[]", "__", "[]"])
def test_other_spellings_are_left_for_the_route_to_refuse(name: str) -> None:
    assert query_parameters(f"{name}=1") == [(name, "1")]
