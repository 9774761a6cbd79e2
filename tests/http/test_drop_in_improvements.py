"""Improvements of the drop-in endpoints over pypistats.org, compared with the fake pypistats."""

import httpx
import pytest

from tests.http.served import Clock, Served, served
from tests.http.side_by_side import ask_both
from tests.raw_upstream import answer, raw_upstream
from tools.fake_pypistats import FakePypistats

ENDPOINTS = ["recent", "overall", "python_major", "python_minor", "system"]
PROBLEM = "application/problem+json"
HTML = "text/html; charset=utf-8"

every_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS)
sums_and_rows = pytest.mark.parametrize("endpoint", ["recent", "system"])
"""The other endpoints answer by the same function as `system`."""


@every_endpoint
def test_unknown_package_is_404_on_every_endpoint(
    api: Served, fake_pypistats: FakePypistats, endpoint: str
) -> None:
    target = f"/api/packages/no-such-package/{endpoint}"
    (both,) = ask_both(api, fake_pypistats, [target])
    assert both.ours.status_code == 404
    assert both.ours.headers["content-type"] == PROBLEM
    problem = both.ours.json()
    assert (problem["title"], problem["instance"]) == ("Unknown package", target)
    if endpoint in {"recent", "overall"}:
        assert both.upstreams.status_code == 404
        assert both.upstreams.headers["content-type"] == HTML
    else:
        assert (both.upstreams.status_code, both.upstreams.json()["data"]) == (200, [])


@pytest.mark.parametrize(
    ("question", "parameter"),
    [
        ("recent?period=year", "period"),
        ("recent?period=Day", "period"),
        ("recent?period=", "period"),
        ("python_major?version=abc", "version"),
        ("python_major?version=3.13", "version"),
        ("python_major?version=", "version"),
        ("python_major?version=nulls", "version"),
        ("python_minor?version=abc", "version"),
        ("python_minor?version=3", "version"),
        ("python_minor?version=", "version"),
        ("system?os=beos", "os"),
        ("system?os=", "os"),
    ],
)
def test_bad_value_is_422_naming_parameter(
    api: Served, fake_pypistats: FakePypistats, question: str, parameter: str
) -> None:
    """Without an upstream call."""
    answer = api.client.get(f"/api/packages/requests/{question}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == PROBLEM
    (error,) = answer.json()["errors"]
    assert (error["location"], error["parameter"]) == ("query", parameter)
    assert fake_pypistats.requests == []


@sums_and_rows
def test_invalid_name_is_422(api: Served, fake_pypistats: FakePypistats, endpoint: str) -> None:
    """Without an upstream call."""
    answer = api.client.get(f"/api/packages/-requests-/{endpoint}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == PROBLEM
    assert fake_pypistats.requests == []


@sums_and_rows
@pytest.mark.parametrize(("spelling", "name"), [("Typing__Extensions", "typing-extensions")])
def test_names_are_normalised_by_pep_503(
    api: Served, fake_pypistats: FakePypistats, endpoint: str, spelling: str, name: str
) -> None:
    spelt, normal = ask_both(
        api,
        fake_pypistats,
        [f"/api/packages/{spelling}/{endpoint}", f"/api/packages/{name}/{endpoint}"],
    )
    assert normal.same_body()
    assert spelt.ours.text == normal.ours.text
    assert spelt.upstreams.text != normal.upstreams.text


@sums_and_rows
def test_spellings_known_to_upstream_have_same_body(
    api: Served, fake_pypistats: FakePypistats, endpoint: str
) -> None:
    names = ["typing.extensions", "typing_extensions", "zope.interface", "%72equests"]
    answers = ask_both(api, fake_pypistats, [f"/api/packages/{name}/{endpoint}" for name in names])
    assert [both.target for both in answers if not both.same_body()] == []


@sums_and_rows
def test_unknown_parameters_are_ignored(
    api: Served, fake_pypistats: FakePypistats, endpoint: str
) -> None:
    path = f"/api/packages/requests/{endpoint}"
    unknown, others = ask_both(
        api, fake_pypistats, [f"{path}?color=red&x", f"{path}?by=week&format=csv"]
    )
    assert unknown.same_body()
    assert others.same_body()


@sums_and_rows
def test_trailing_slash_is_404(api: Served, fake_pypistats: FakePypistats, endpoint: str) -> None:
    (both,) = ask_both(api, fake_pypistats, [f"/api/packages/requests/{endpoint}/"])
    assert (both.ours.status_code, both.upstreams.status_code) == (404, 404)
    assert both.ours.headers["content-type"] == PROBLEM


@sums_and_rows
def test_cors_and_caching_headers(
    api: Served, fake_pypistats: FakePypistats, endpoint: str
) -> None:
    (both,) = ask_both(api, fake_pypistats, [f"/api/packages/requests/{endpoint}"])
    headers = both.ours.headers
    assert headers["content-type"] == both.upstreams.headers["content-type"] == "application/json"
    assert headers["access-control-allow-origin"] == "*"
    # It is noon; newer figures come at 01:10.
    assert "max-age=47400, s-maxage=47400, " in headers["cache-control"]
    again = api.client.get(both.target, headers={"If-None-Match": headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert {"etag", "cache-control", "access-control-allow-origin"}.isdisjoint(
        both.upstreams.headers
    )


@sums_and_rows
def test_headers_name_the_source(api: Served, endpoint: str) -> None:
    headers = api.client.get(f"/api/packages/requests/{endpoint}").headers
    assert (headers["x-pulse-source"], headers["x-pulse-stale"]) == ("simulated", "false")


def test_invented_figures_stay_so_in_a_second_deployment(api: Served, clock: Clock) -> None:
    with served(api.url, clock) as second:
        ours = api.client.get("/packages/requests").json()
        theirs = second.client.get("/packages/requests").json()
    assert theirs == {**ours, "fetched_at": theirs["fetched_at"]}
    assert theirs["source"] == "simulated"


@every_endpoint
def test_each_filter_has_its_own_etag(api: Served, endpoint: str) -> None:
    filters = {
        "recent": "period=day",
        "overall": "mirrors=true",
        "python_major": "version=3",
        "python_minor": "version=3.13",
        "system": "os=linux",
    }
    path = f"/api/packages/requests/{endpoint}"
    whole, part = api.client.get(path), api.client.get(f"{path}?{filters[endpoint]}")
    assert whole.headers["etag"] != part.headers["etag"]


@every_endpoint
def test_all_filters_of_an_endpoint_cost_one_call(
    api: Served, fake_pypistats: FakePypistats, endpoint: str
) -> None:
    queries = ["", "?mirrors=true", "?mirrors=false", "?version=null", "?os=linux", "?period=week"]
    path = f"/api/packages/requests/{endpoint}"
    for query in queries:
        api.client.get(f"{path}{query}").raise_for_status()
    assert len(fake_pypistats.requests) == 1


@sums_and_rows
def test_throttled_upstream_gives_retry_after(
    api: Served, fake_pypistats: FakePypistats, endpoint: str
) -> None:
    fake_pypistats.set_rules("429")
    (both,) = ask_both(api, fake_pypistats, [f"/api/packages/requests/{endpoint}"])
    assert both.ours.status_code == 503
    assert both.ours.headers["content-type"] == PROBLEM
    assert int(both.ours.headers["retry-after"]) > 0
    assert both.upstreams.status_code == 429
    assert "retry-after" not in both.upstreams.headers


@sums_and_rows
def test_failing_upstream_serves_stale_figures(
    api: Served, fake_pypistats: FakePypistats, clock: Clock, endpoint: str
) -> None:
    path = f"/api/packages/requests/{endpoint}"
    fresh = api.client.get(path)
    clock.move(days=1)
    fake_pypistats.set_rules("500")
    stale = api.client.get(path)
    assert stale.status_code == httpx.codes.OK
    assert "stale" not in fresh.json()
    assert stale.json() == {**fresh.json(), "stale": True}
    assert list(stale.json())[:3] == ["data", "package", "type"]
    fake_pypistats.set_rules()
    clock.move(minutes=1)
    assert "stale" not in api.client.get(path).json()


def test_retry_after_of_503_is_kept(clock: Clock) -> None:
    """No call is made to upstream until then."""
    busy = answer(b"503", "Retry-After: 77", status="503 Service Unavailable")
    limits = {"UPSTREAM_PER_SECOND": "5", "UPSTREAM_PER_MINUTE": "30"}
    with raw_upstream(busy) as upstream, served(upstream.url, clock, **limits) as api:
        for package in ("requests", "flask"):
            ours = api.client.get(f"/api/packages/{package}/overall")
            assert ours.status_code == 503
            assert 75 <= int(ours.headers["retry-after"]) <= 90
    assert len(upstream.requests) == 1
