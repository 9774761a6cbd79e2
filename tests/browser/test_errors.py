"""What readers are told when something goes wrong, in words."""

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.http.served import Clock, Served
from tools.fake_pypistats import FakePypistats

NOT_OK = ("status of 4", "status of 5")
"""Chromium itself says in the console that a page came with such a status."""


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("packages=-requests,httpx", 422, "'-requests' is invalid. A package name consists of"),
        ("packages=" + ",".join("abcdefghijk"), 422, "At most 10 packages fit into one chart"),
        ("packages=" + "x" * 201, 422, "A package name has at most 200 characters"),
        ("packages=requests&days=7", 422, "days:"),
        ("packages=requests&scale=cubic", 422, "scale:"),
        ("packages=no-such-package", 404, "no downloads for a package named 'no-such-package'"),
        ("packages=no-such-a,no-such-b", 404, "no downloads for a package named 'no-such-b'"),
    ],
)
def test_bad_address_is_explained(
    open_page: OpenPage, steady_api: Served, query: str, status: int, words: str
) -> None:
    assert steady_api.client.get(f"/?{query}").status_code == status
    page = open_page(f"/?{query}", allowed=NOT_OK)
    expect(page.locator(".problems")).to_contain_text(words)
    expect(page.get_by_label("Packages to compare")).to_have_value(re.compile("."))


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)",
    "a\x00b\x1f",
    "\u202egnp.exe",
    "🐍" * 50,
    "</script><script>alert(1)</script>",
    "{{7*7}}",
]


@pytest.mark.parametrize("parameter", ["packages", "days", "utm_source"])
def test_hostile_text_stays_text(open_page: OpenPage, parameter: str) -> None:
    page = open_page("/", allowed=NOT_OK)
    for text in HOSTILE:
        page.goto("/?" + urlencode({"packages": "requests", parameter: text}))
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.locator("script:not([src]):not([type='application/json'])").count() == 0
        assert page.locator("img[onerror], input[onfocus], img[src=x]").count() == 0


def test_lone_surrogate_is_explained(steady_api: Served) -> None:
    answer = steady_api.client.get("/?packages=%ED%A0%80")
    assert answer.status_code == 422
    assert "is invalid" in answer.text


def test_one_unknown_package_among_known_ones(open_page: OpenPage) -> None:
    page = open_page("/?packages=no-such-package,requests")
    row = page.get_by_role("row").filter(has_text="no-such-package")
    expect(row).to_contain_text("Check the spelling")
    expect(page.get_by_role("row").filter(has_text="requests").first).to_contain_text(
        "1,393,755,586"
    )


def test_only_package_with_figures_is_named_in_the_chart(open_page: OpenPage) -> None:
    page = open_page("/?packages=no-such-package,requests")
    expect(page.locator("#chart .wide")).to_contain_text("requests: downloads per day")


def test_all_fail_with_upstream(
    open_page: OpenPage, api: Served, fake_pypistats: FakePypistats
) -> None:
    fake_pypistats.set_rules("500")
    answer = api.client.get("/?packages=flask,requests")
    assert answer.status_code == 502
    assert answer.headers["cache-control"] == "no-store"
    page = open_page("/?packages=flask,requests", of=api, allowed=NOT_OK)
    assert heading(page) == "No figures at the moment"
    expect(page.get_by_role("link", name="Try again")).to_be_visible()


def test_hanging_upstream_is_explained(
    open_page: OpenPage, api: Served, fake_pypistats: FakePypistats
) -> None:
    fake_pypistats.set_rules("hang")
    page = open_page("/?packages=requests", of=api, allowed=NOT_OK)
    expect(page.locator(".problems")).to_contain_text("did not respond in time")


def test_one_package_fails(open_page: OpenPage, api: Served, fake_pypistats: FakePypistats) -> None:
    fake_pypistats.set_rules("500:overall:flask")
    page = open_page("/?packages=flask,requests", of=api)
    row = page.get_by_role("row").filter(has_text="flask")
    expect(row).to_contain_text("pypistats.org's response can't be used")


def test_missing_breakdown_leaves_the_rest(
    open_page: OpenPage, api: Served, fake_pypistats: FakePypistats
) -> None:
    fake_pypistats.set_rules("500:system")
    page = open_page("/?packages=requests", of=api)
    section = page.get_by_role("region", name="Operating systems")
    expect(section).to_contain_text("pypistats.org's response can't be used")
    expect(page.get_by_role("region", name="Python versions")).to_contain_text("3.12")


def test_old_figures_are_said_to_be_old(
    open_page: OpenPage, api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    assert api.client.get("/?packages=requests").status_code == 200
    clock.move(days=1)
    fake_pypistats.set_rules("500")
    page = open_page("/?packages=requests", of=api)
    expect(page.locator(".notice.old")).to_contain_text("fetched on 22 Nov 2026, 12:00 UTC")


def test_invented_figures_are_said_to_be_invented(open_page: OpenPage) -> None:
    page = open_page("/?packages=requests")
    expect(page.get_by_text("Invented figures.")).to_be_visible()


def test_missing_days_are_listed(open_page: OpenPage, steady_api: Served) -> None:
    missing = steady_api.client.get("/packages/requests?mirrors=false").json()["missing_dates"]
    assert "2026-10-04" in missing
    page = open_page("/?packages=requests")
    page.get_by_text("Missing days").click()
    expect(page.locator(".small dl")).to_contain_text("4 Oct 2026 to 5 Oct 2026")


@pytest.mark.parametrize(
    "package", ["pulse-mirrored", "pulse-debut", "pulse-hermit", "pulse-retired", "pulse-newcomer"]
)
def test_unusual_package_has_a_page(open_page: OpenPage, package: str) -> None:
    page = open_page(f"/?packages={package}")
    assert heading(page) == f"Downloads of {package}"
    expect(page.locator(".cards")).to_contain_text("Last day")


def test_lost_connection_is_said(open_page: OpenPage) -> None:
    page = open_page("/?packages=requests", allowed=("ERR_",))
    page.context.set_offline(True)
    page.get_by_role("link", name="30 days").click()
    expect(page.get_by_role("status")).to_contain_text("can’t be reached")
    page.context.set_offline(False)
    page.get_by_role("link", name="30 days").click()
    expect(page).to_have_url(re.compile("days=30"))


def test_answer_of_a_busy_gateway_is_said(open_page: OpenPage) -> None:
    """API Gateway's own 503 is JSON."""
    page = open_page("/?packages=requests", allowed=NOT_OK)
    page.route("**/*days=30*", lambda route: route.fulfill(status=503, json={"message": "busy"}))
    page.get_by_role("link", name="30 days").click()
    expect(page.get_by_role("status")).to_contain_text("PyPI Pulse is busy")
    expect(page.get_by_role("heading", level=1)).to_have_text("Downloads of requests")


def test_loading_is_said(open_page: OpenPage) -> None:
    page = open_page("/?packages=requests")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/*days=30*", hold)
    page.get_by_role("link", name="30 days").click()
    expect(page.get_by_role("status")).to_have_text("Loading …")
    expect(page.get_by_role("main")).to_have_attribute("aria-busy", "true")
    held[0].continue_()
    expect(page.get_by_role("status")).to_have_text("Downloads of requests")


def test_throttled_page_is_asked_for_again(
    open_page: OpenPage, api: Served, fake_pypistats: FakePypistats
) -> None:
    """The script asks again after `Retry-After`."""
    fake_pypistats.set_rules("hang")
    page = open_page("/", of=api, allowed=NOT_OK)
    page.clock.install()
    page.goto("/?packages=requests")
    assert heading(page) == "No figures at the moment"
    fake_pypistats.set_rules()
    wait_s = int(page.locator("main").get_attribute("data-retry-after") or 0)
    assert wait_s
