"""Decoding of paths and queries for the routes."""

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
def test_decoding_keeps_segments(raw_path: str, path: str) -> None:
    assert route_path(raw_path) == path


@given(PATHS)
def test_path_has_segments_as_sent(raw_path: str) -> None:
    sent = [unquote(re.sub("%(?![0-9a-fA-F]{2})", "%25", one)) for one in raw_path.split("/")]
    assert [unquote(one) for one in route_path(raw_path).split("/")] == sent


@given(PATHS)
def test_instance_round_trip(raw_path: str) -> None:
    path = route_path(quote(raw_path, safe="/%"))
    assert not set("\n\0") & set(path)
    assert route_path(instance(path)) == path
    assert re.fullmatch(r"([A-Za-z0-9._~/-]|%[0-9A-Fa-f]{2})*", instance(path))


@pytest.mark.parametrize("path", ["/" + "a" * 9_000, "/" + "%2F" * 3_000, "/" + "😀" * 3_000])
def test_long_instance_is_cut(path: str) -> None:
    cut = instance(path)
    assert len(cut) < 3_000
    assert cut.endswith(quote("…"))
    assert re.fullmatch(r"([a/]|%[0-9A-F]{2})*", cut)


def test_empty_query_has_no_parameters() -> None:
    assert query_parameters("") == []
    assert query_parameters("&&") == []


def test_first_value_counts_except_for_packages() -> None:
    query = (
        "by=a&packages=x&by=b&packages[]=y&_=1&packages%5B%5D=&by=&packages[0]=z&packages%5B12%5D=x"
    )
    assert query_parameters(query) == [
        ("by", "a"),
        ("packages", "x"),
        ("packages", "y"),
        ("packages", ""),
        ("packages", "z"),
        ("packages", "x"),
    ]


@pytest.mark.parametrize(
    "name",
    ["packages[a]", "packages[", "packages[0", "packages[0][0]", "packages[٣]", "by[]", "__", "[]"],
)
def test_other_spellings_are_passed_on(name: str) -> None:
    assert query_parameters(f"{name}=1") == [(name, "1")]
