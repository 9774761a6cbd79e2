"""What the website shows of ClickHouse, and that it says nothing where there is none."""

import datetime as dt
import re
from collections.abc import Iterator
from html import unescape
from typing import Final

import pytest

from tests.clickhouse.conftest import NEWEST
from tests.clickhouse.sql import by_package, whole
from tests.counts import NOON
from tests.http.served import Clock, Served, served
from tools.clickhouse.rows import ARCHIVED
from tools.clickhouse.server import ClickHouse
from tools.fake_pypistats import FakePypistats
from tools.serve import loopback_listener

SECTIONS: Final = ["by-version", "by-country", "by-installer", "by-file_type"]


@pytest.fixture
def api_without_answer(server: ClickHouse, fake_pypistats: FakePypistats) -> Iterator[Served]:
    """The API over a ClickHouse that nobody listens for."""
    with loopback_listener(0) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with served(
        fake_pypistats.url, Clock(NOON), **server.environ() | {"CLICKHOUSE_URL": url}
    ) as api:
        yield api


def page(api: Served, path: str) -> str:
    answer = api.client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def sections(text: str) -> list[str]:
    return [found for found in re.findall(r'<h2 id="([^"]+)"', text) if found in SECTIONS]


def addresses(text: str, pattern: str) -> list[str]:
    return [unescape(found) for found in re.findall(pattern, text)]


def test_package_has_charts_that_are_loaded_when_needed(api: Served) -> None:
    text = page(api, "/?packages=requests")
    assert sections(text) == SECTIONS
    charts = addresses(text, r'<img src="(/packages/requests/chart\.svg\?by=[^"]+)"')
    assert len(charts) == text.count('loading="lazy"') - 1  # and a badge
    for chart in charts:
        answer = api.client.get(chart)
        assert (answer.status_code, answer.headers["x-pulse-status"]) == (200, "200"), chart
    for figures in addresses(text, r'href="(/packages/requests/downloads\?by=[^"]+)"'):
        answer = api.client.get(figures)
        assert answer.text.startswith("date,category,downloads\r\n2026-05-25,"), figures


@pytest.mark.parametrize("days", ["30", "365", "all"])
def test_charts_have_the_range_of_the_page(api: Served, days: str) -> None:
    text = page(api, f"/?packages=requests&days={days}&period=month&mirrors=true")
    starts = {"30": "2026-10-23", "365": "2025-11-22", "all": "2016-01-01"}
    charts = addresses(text, r'<img src="(/packages/requests/chart\.svg\?by=[^"]+)"')
    assert len(charts) == len(SECTIONS)
    for chart in charts:
        assert f"period=month&mirrors=true&start={starts[days]}" in chart
        assert api.client.get(chart).headers["x-pulse-status"] == "200"


@pytest.mark.parametrize("mirrors", ["true", "false"])
def test_total_of_all_time(api: Served, server: ClickHouse, mirrors: str) -> None:
    expected = whole(server, "requests", "true", mirrors=mirrors == "true")
    view = "&mirrors=true" if mirrors == "true" else ""
    text = page(api, f"/?packages=requests{view}")
    assert f"<dt>Since 2016</dt><dd>{expected:,}</dd>" in text


@pytest.mark.parametrize(
    ("days", "shown"), [("all", (NEWEST - dt.date(2016, 1, 1)).days + 1), ("365", 365)]
)
@pytest.mark.parametrize("packages", ["requests", "httpx,requests"])
def test_range_reaches_back(api: Served, packages: str, days: str, shown: int) -> None:
    text = page(api, f"/?packages={packages}&days={days}")
    assert f'"days":{shown},' in text


@pytest.mark.parametrize("path", ["/?packages=httpx,requests", "/?packages=__all__"])
def test_other_pages_have_no_details(api: Served, path: str) -> None:
    text = page(api, path)
    assert sections(text) == []
    assert "Since 20" not in text


def test_package_that_only_clickhouse_knows_is_unknown(api: Served) -> None:
    """A page is about pypistats.org's window."""
    assert api.client.get(f"/?packages={ARCHIVED}&days=all").status_code == 404


def test_start_page_lists_the_most_downloaded(api: Served, server: ClickHouse) -> None:
    text = page(api, "/")
    assert "Most downloaded in October 2026" in text
    month = by_package(server, "date BETWEEN '2026-10-01' AND '2026-10-31'")
    found = re.findall(r'<li><a href="/\?packages=([^"]+)">[^<]+</a><span>([\d,]+)</span>', text)
    assert found == [(package, f"{count:,}") for package, count in month.items()]
    (compare,) = addresses(text, r'<a href="(/\?packages=[^"]+)">Compare the first ten')
    assert api.client.get(compare).status_code == 200


def test_pages_without_an_answer(api_without_answer: Served) -> None:
    """They leave out what is missing, and are not kept by caches. A chart says why."""
    start = api_without_answer.client.get("/")
    assert (start.status_code, start.headers["cache-control"]) == (200, "no-store")
    assert "Most downloaded" not in start.text
    package = api_without_answer.client.get("/?packages=requests&days=all")
    assert (package.status_code, package.headers["cache-control"]) == (200, "no-store")
    assert sections(package.text) == SECTIONS
    assert "<dt>Since" not in package.text
    assert '"days":181,' in package.text


def test_nothing_is_said_without_clickhouse(fake_pypistats: FakePypistats) -> None:
    with served(fake_pypistats.url, Clock(NOON)) as api:
        for path in ("/", "/?packages=requests", "/?packages=requests&days=365"):
            text = page(api, path)
            assert sections(text) == []
            for word in ("ClickHouse", "Most downloaded", "<dt>Since", "Countries"):
                assert word not in text
