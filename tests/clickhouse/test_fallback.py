"""Which source answers when pypistats.org, ClickHouse or both are down: the table in docs/api.md."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Final

import pytest

from tests.counts import NOON
from tests.http.served import Clock, Served, served
from tools.clickhouse.server import ClickHouse
from tools.fake_pypistats import FakePypistats
from tools.serve import loopback_listener

DOWN: Final = "500:*:*"
PACKAGE: Final = "/packages/requests"
DOWNLOADS: Final = f"{PACKAGE}/downloads"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def fake_pypistats(clock: Clock) -> Iterator[FakePypistats]:
    with FakePypistats(now=clock, limits=False) as fake_pypistats:
        yield fake_pypistats


def with_clickhouse(
    fake_pypistats: FakePypistats, clock: Clock, server: ClickHouse, **environ: str
) -> AbstractContextManager[Served]:
    """The API over both sources. For this user, the server does not say that its rows are invented."""
    named = {"CLICKHOUSE_USER": "default", "CLICKHOUSE_PASSWORD": "", "CLICKHOUSE_PER_HOUR": "0"}
    clickhouse = {**server.environ(), **named, **environ}
    return served(fake_pypistats.url, clock, **clickhouse)


@pytest.fixture
def api(fake_pypistats: FakePypistats, clock: Clock, server: ClickHouse) -> Iterator[Served]:
    with with_clickhouse(fake_pypistats, clock, server) as api:
        yield api


@pytest.fixture
def without_clickhouse(
    fake_pypistats: FakePypistats, clock: Clock, server: ClickHouse
) -> Iterator[Served]:
    """The API over pypistats.org, and a ClickHouse that nobody listens for."""
    with loopback_listener(0) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with with_clickhouse(fake_pypistats, clock, server, CLICKHOUSE_URL=url) as api:
        yield api


def get(api: Served, path: str, **query: str) -> Any:  # noqa: ANN401 - any JSON
    answer = api.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def problem(api: Served, path: str, **query: str) -> tuple[int, str]:
    answer = api.client.get(path, params=query)
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def totals(answer: Any) -> dict[str, int]:  # noqa: ANN401 - any JSON
    return {one["category"]: one["total"] for one in answer["series"]}


@pytest.mark.parametrize("by", ["overall", "python_major", "python_minor", "system"])
def test_pypistats_is_down(api: Served, fake_pypistats: FakePypistats, by: str) -> None:
    """And nothing is kept: the whole answer is ClickHouse's, which derives it from raw rows."""
    fake_pypistats.set_rules(DOWN)
    answer = get(api, DOWNLOADS, by=by)
    assert (answer["source"], answer["stale"]) == ("clickhouse", False)
    assert (answer["start"], answer["as_of"]) == ("2026-05-25", "2026-11-21")
    assert answer["missing_dates"] == []


def test_pypistats_is_down_for_a_comparison(api: Served, fake_pypistats: FakePypistats) -> None:
    fake_pypistats.set_rules(DOWN)
    found = get(api, "/compare", packages="requests,httpx,no-such-package-xyz")["packages"]
    assert [one["status"] for one in found] == ["ok", "ok", "upstream_error"]
    assert {one["stats"]["source"] for one in found[:2]} == {"clickhouse"}
    assert get(api, PACKAGE)["source"] == "clickhouse"
    badge = api.client.get(f"{PACKAGE}/badge.svg")
    assert badge.headers["x-pulse-source"] == "clickhouse"


def test_pypistats_fails_after_an_answer(
    api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    """Stale figures of the first source are better than another source's: a chart does not jump."""
    fresh = get(api, PACKAGE)
    fake_pypistats.set_rules(DOWN)
    clock.move(days=1)
    stale = get(api, PACKAGE)
    assert (stale["source"], stale["stale"]) == ("simulated", True)
    assert stale["total_downloads"] == fresh["total_downloads"]


def test_pypistats_throttles(api: Served, fake_pypistats: FakePypistats) -> None:
    """A call that only has to wait is waited for, by this client or its next request."""
    fake_pypistats.set_rules("429:*:*")
    assert problem(api, PACKAGE) == (503, "upstream-throttled")


def test_all_of_pypi_has_no_second_source(api: Served, fake_pypistats: FakePypistats) -> None:
    fake_pypistats.set_rules(DOWN)
    assert problem(api, "/packages/__all__") == (502, "upstream-broken")


@pytest.mark.parametrize("by", ["version", "country", "installer", "file_type"])
def test_clickhouse_is_down(without_clickhouse: Served, by: str) -> None:
    answer = without_clickhouse.client.get(DOWNLOADS, params={"by": by})
    assert answer.status_code == 502
    assert answer.json()["detail"].startswith("ClickHouse can't be reached.")
    assert int(answer.headers["retry-after"]) >= 1


def test_clickhouse_is_down_but_not_needed(without_clickhouse: Served) -> None:
    assert get(without_clickhouse, DOWNLOADS)["source"] == "simulated"
    assert get(without_clickhouse, PACKAGE)["source"] == "simulated"


def test_clickhouse_is_down_for_years(without_clickhouse: Served) -> None:
    """Then the days of pypistats.org's window are the answer, and `start` says so."""
    answer = get(without_clickhouse, DOWNLOADS, start="2016-01-01")
    assert (answer["source"], answer["start"]) == ("simulated", "2026-05-25")
    packages = get(
        without_clickhouse, "/compare/downloads", packages="requests,httpx", start="2016-01-01"
    )
    assert {one["source"] for one in packages["packages"]} == {"simulated"}


@pytest.mark.parametrize("path", ["/top", f"{PACKAGE}/total", f"{PACKAGE}/total?by=version"])
def test_clickhouse_is_down_for_totals(without_clickhouse: Served, path: str) -> None:
    """The days that are kept would be a smaller number, so they are no answer."""
    answer = without_clickhouse.client.get(path)
    assert (answer.status_code, answer.json()["title"]) == (502, "Upstream unreachable")


def test_clickhouse_fails_after_an_answer(
    fake_pypistats: FakePypistats, clock: Clock, server_with_quota: ClickHouse
) -> None:
    """Stale, as for pypistats.org."""
    with with_clickhouse(fake_pypistats, clock, server_with_quota) as api:
        path = "/packages/pulse-debut/downloads"
        fresh = get(api, path, by="version")
        server_with_quota.process.terminate()
        server_with_quota.process.wait()
        clock.move(days=1)
        stale = get(api, path, by="version")
        assert (fresh["stale"], stale["stale"], stale["source"]) == (False, True, "clickhouse")
        assert (stale["as_of"], stale["fetched_at"]) == (fresh["as_of"], fresh["fetched_at"])


def test_both_are_down(without_clickhouse: Served, fake_pypistats: FakePypistats) -> None:
    """The problem is that of the source which is asked first."""
    fake_pypistats.set_rules(DOWN)
    assert problem(without_clickhouse, PACKAGE) == (502, "upstream-broken")
    assert problem(without_clickhouse, DOWNLOADS, start="2016-01-01") == (502, "upstream-broken")
    found = without_clickhouse.client.get(DOWNLOADS, params={"by": "version"}).json()
    assert found["detail"].startswith(
        ("ClickHouse can't be reached", "The rate limit of ClickHouse")
    )
    badge = without_clickhouse.client.get(f"{PACKAGE}/badge.svg")
    assert (badge.status_code, badge.headers["x-pulse-status"]) == (200, "502")
