"""Validation of request parameters, and its error messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.parameters import (
    MAX_COMPARED,
    CompareRequest,
    DownloadsRequest,
    HealthRequest,
    StatsRequest,
    query_string,
    read,
)
from pulse.problems import InputError, InvalidInput


def errors_of(query_string: str, package: str = "requests") -> list[InputError]:
    with pytest.raises(InvalidInput) as caught:
        read(StatsRequest, {"package": package}, query_string)
    return caught.value.errors or []


def compared(query_string: str) -> list[str]:
    return list(read(CompareRequest, {}, query_string).query.packages)


def test_mirrors_are_counted_by_default() -> None:
    assert read(StatsRequest, {"package": "a"}, "").query.mirrors is True
    assert read(StatsRequest, {"package": "a"}, "mirrors=false").query.mirrors is False


@pytest.mark.parametrize("value", ["", "1", "True", "yes", "%F0%9F%98%80"])
def test_mirrors_is_true_or_false(value: str) -> None:
    assert errors_of(f"mirrors={value}") == [
        InputError(location="query", parameter="mirrors", detail="It must be 'true' or 'false'.")
    ]


def test_all_errors_are_listed() -> None:
    errors = errors_of("mirror=true&mirrors=2", package="-x-")
    assert [(error.location, error.parameter) for error in errors] == [
        ("path", "package"),
        ("query", "mirrors"),
        ("query", "mirror"),
    ]


def test_first_of_repeated_parameter_counts() -> None:
    assert read(StatsRequest, {"package": "a"}, "mirrors=false&mirrors=true").query.mirrors is False
    assert errors_of("mirrors=maybe&mirrors=true") == errors_of("mirrors=maybe")


def test_long_name_is_shortened() -> None:
    (error,) = errors_of("", package="-" * 300)
    assert len(error.detail) < 300
    assert "at most 200 characters; this one has 300" in error.detail


def test_route_without_parameters_takes_none() -> None:
    with pytest.raises(InvalidInput, match="no such parameter"):
        read(HealthRequest, {}, "verbose=1")


@pytest.mark.parametrize(
    "query_string",
    [
        "packages=a,B_b",
        "packages=a&packages=B_b",
        "packages=%20a%20,,b.b,",
        "packages=a,b--b&packages=",
        "packages[]=a&packages[]=B_b",
        "packages%5B%5D=a&packages=b.b",
    ],
)
def test_packages_are_comma_separated_or_repeated(query_string: str) -> None:
    names = compared(query_string)
    assert [name.replace(".", "-") for name in names] == ["a", "b-b"]


@pytest.mark.parametrize("given", ["_=1795694400000", "_=1&_=2", "_"])
def test_jquery_timestamp_is_ignored(given: str) -> None:
    assert read(HealthRequest, {}, given) == read(HealthRequest, {}, "")
    assert compared(f"packages=a&{given}") == ["a"]


def test_query_round_trip() -> None:
    read_as = read(
        DownloadsRequest, {"package": "a"}, "mirrors=false&by=overall&by=x&start=2026-1-1"
    )
    assert query_string(read_as.query, format="csv") == (
        "start=2026-1-1&by=overall&mirrors=false&format=csv"
    )
    assert query_string(read_as.query, by="system").endswith("by=system&mirrors=false")


def test_list_round_trip() -> None:
    read_as = read(CompareRequest, {}, "packages=,a,,B_b" + "," * 999)
    assert query_string(read_as.query) == "packages=a&packages=b-b"


def test_repeated_package_stays_repeated() -> None:
    assert compared("packages=requests,Requests") == ["requests", "requests"]


@pytest.mark.parametrize("query_string", ["packages=", "packages=,,,", "packages=%20,"])
def test_empty_comparison_is_refused(query_string: str) -> None:
    with pytest.raises(InvalidInput, match="Name at least one package"):
        compared(query_string)


def test_packages_are_required() -> None:
    with pytest.raises(InvalidInput, match="packages: It is required"):
        compared("mirrors=true")


@given(st.integers(min_value=1, max_value=MAX_COMPARED))
def test_up_to_fifty_packages_can_be_compared(count: int) -> None:
    assert len(compared("packages=" + ",".join(f"p{n}" for n in range(count)))) == count


def test_fifty_one_packages_are_refused() -> None:
    names = ",".join(f"p{n}" for n in range(MAX_COMPARED + 1))
    with pytest.raises(
        InvalidInput, match="At most 50 packages can be compared at once; 51 were given"
    ):
        compared("packages=" + names)


def test_invalid_name_in_list_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"'\.\./etc' is invalid"):
        compared("packages=requests,../etc")
