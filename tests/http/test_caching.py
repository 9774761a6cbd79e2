"""HTTP semantics: ETags, 304, Cache-Control, compression, links."""

import gzip

import pytest

from tests.http.served import Clock, Served
from tools.fake_pypistats import FakePypistats

ROUTES = [
    "/packages/requests",
    "/packages/requests/downloads?by=system&period=month",
    "/packages/requests/downloads?format=csv",
    "/compare?packages=requests,flask",
    "/api/packages/requests/recent",
    "/api/packages/requests/python_minor?version=3.13",
]
PLAIN = {"accept-encoding": "identity"}


@pytest.mark.parametrize("route", ROUTES)
def test_matching_etag_gets_304(api: Served, fake_pypistats: FakePypistats, route: str) -> None:
    """Without an upstream call."""
    first = api.client.get(route)
    calls = len(fake_pypistats.requests)
    again = api.client.get(route, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "cache-control", "vary", "link", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert len(fake_pypistats.requests) == calls


@pytest.mark.parametrize("wildcard", ["*", '"other", W/{etag}', 'W/{etag},"x"'])
def test_any_matching_etag_gets_304(api: Served, wildcard: str) -> None:
    etag = api.client.get("/packages/requests").headers["etag"]
    headers = {"if-none-match": wildcard.format(etag=etag)}
    assert api.client.get("/packages/requests", headers=headers).status_code == 304


@pytest.mark.parametrize("tag", ['"other"', "", '"', "garbage, more"])
def test_other_etag_gets_body(api: Served, tag: str) -> None:
    answer = api.client.get("/packages/requests", headers={"if-none-match": tag})
    assert answer.status_code == 200
    assert answer.json()["package"] == "requests"


def test_etag_is_strong_and_follows_body(api: Served, clock: Clock) -> None:
    one, other = (api.client.get(route).headers["etag"] for route in ROUTES[:2])
    assert one.startswith('"')
    assert one != other
    assert api.client.get(ROUTES[0]).headers["etag"] == one
    clock.move(days=1)
    assert api.client.get(ROUTES[0]).headers["etag"] != one


def test_max_age_lasts_until_next_load(api: Served, clock: Clock) -> None:
    expected = 13 * 3600 + 10 * 60
    for moved_s in (0, 100):
        clock.move(seconds=moved_s)
        assert api.client.get("/packages/requests").headers["cache-control"] == (
            f"public, max-age={expected - moved_s}, s-maxage={expected - moved_s}, "
            "stale-while-revalidate=600, stale-if-error=86400"
        )


def test_max_age_of_stale_answer_is_seconds(
    api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    api.client.get("/packages/requests")
    fake_pypistats.set_rules("dropped")
    clock.move(days=1)
    answer = api.client.get("/packages/requests")
    assert answer.headers["cache-control"].startswith("public, max-age=10, s-maxage=10,")


def test_max_age_of_comparison_is_its_shortest(api: Served) -> None:
    known = api.client.get("/compare?packages=requests,flask").headers["cache-control"]
    mixed = api.client.get("/compare?packages=requests,no-such").headers["cache-control"]
    assert known.startswith("public, max-age=47400,")
    assert mixed.startswith("public, max-age=300,")


def test_comparison_with_failure_is_not_cacheable(
    api: Served, fake_pypistats: FakePypistats
) -> None:
    fake_pypistats.set_rules("500:*:flask")
    answer = api.client.get("/compare?packages=requests,flask")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("route", "status", "cache_control"),
    [
        ("/packages/no-such", 404, "public, max-age=300"),
        ("/nope", 404, "no-store"),
        ("/packages/-x-", 422, "no-store"),
        ("/health", 200, "no-store"),
    ],
)
def test_cache_control_of_errors(api: Served, route: str, status: int, cache_control: str) -> None:
    """No error may be cached, except an unknown package for a short time."""
    answer = api.client.get(route)
    assert answer.status_code == status
    assert answer.headers["cache-control"] == cache_control


@pytest.mark.parametrize("route", [*ROUTES, "/health", "/nope", "/packages/no-such"])
def test_head_is_get_without_body(api: Served, route: str) -> None:
    get = api.client.get(route, headers=PLAIN)
    head = api.client.head(route, headers=PLAIN)
    assert head.content == b""
    assert head.status_code == get.status_code
    ignored = {"date", "server-timing", "x-request-id"}
    if route in {"/nope", "/packages/no-such"}:
        ignored.add("content-length")  # the body contains the request id
    assert {k: v for k, v in head.headers.items() if k not in ignored} == {
        k: v for k, v in get.headers.items() if k not in ignored
    }


def test_gzip_has_its_own_etag(api: Served) -> None:
    """The body is compressed only for clients that accept gzip."""
    route = "/packages/requests/downloads"
    plain = api.client.get(route, headers=PLAIN)
    with api.client.stream("GET", route, headers={"accept-encoding": "gzip"}) as zipped:
        raw = b"".join(zipped.iter_raw())
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert int(zipped.headers["content-length"]) == len(raw) < len(plain.content) / 3
    assert zipped.headers["etag"] != plain.headers["etag"]
    assert "Accept-Encoding" in plain.headers["vary"]
    headers = {"accept-encoding": "gzip", "if-none-match": zipped.headers["etag"]}
    assert api.client.get(route, headers=headers).status_code == 304


def test_small_answer_is_not_compressed(api: Served) -> None:
    answer = api.client.get("/packages/requests", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers


def test_every_answer_links_to_the_contract(api: Served) -> None:
    for route in ROUTES:
        assert api.client.get(route).links["service-desc"]["url"] == "/openapi.json"


@pytest.mark.parametrize(("format_", "other"), [("json", "text/csv"), ("csv", "application/json")])
def test_downloads_link_to_other_format(api: Served, format_: str, other: str) -> None:
    route = f"/packages/requests/downloads?by=system&period=week&format={format_}"
    answer = api.client.get(route)
    link = answer.links["alternate"]
    assert link["type"] == other
    alternate = api.client.get(answer.url.join(link["url"]))
    assert alternate.headers["content-type"].startswith(other)
    assert alternate.url.params["by"] == "system"


def test_link_repeats_only_known_parameters(api: Served) -> None:
    noise = "!" * 9_000
    query = f"by=system&by={noise}&_={noise}&start=2026-11-01"
    answer = api.client.get(f"/packages/requests/downloads?{query}")
    assert answer.status_code == 200
    assert answer.links["alternate"]["url"] == "?start=2026-11-01&by=system&format=csv"
    assert "service-desc" in answer.links
