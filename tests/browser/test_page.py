"""The website as its readers use it: compare, change the view, share, go back, copy."""

import datetime as dt
import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.http.served import Served

THREE = "/?packages=aiohttp,httpx,requests"
TEN = "/?packages=aiohttp,boto3,click,django,fastapi,flask,httpx,numpy,pandas,requests"


def names_in_table(page: Page) -> list[str]:
    return page.locator(".sums tbody th a").all_text_contents()


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_typed_names_are_compared(open_page: OpenPage, device: str, *, javascript: bool) -> None:
    page = open_page("/", device=device, javascript=javascript)
    page.get_by_label("Packages to compare").fill("Requests httpx, AIOHTTP")
    page.get_by_role("button", name="Compare").click()
    expect(page).to_have_url(re.compile(r"\?packages=aiohttp,httpx,requests$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Downloads of aiohttp, httpx and requests"
    )
    assert names_in_table(page) == ["requests", "httpx", "aiohttp"]


def type_into_search(page: Page, text: str) -> None:
    """Type as somebody who sees the cursor there."""
    expect(page.locator("#packages")).to_be_focused()
    page.keyboard.type(text)


@pytest.mark.parametrize(
    "typed",
    ["requests,httpx,aiohttp", "requests, httpx, aiohttp, ", "Requests HTTPX AIOHTTP"],
)
def test_newcomer_types_and_presses_enter(open_page: OpenPage, typed: str) -> None:
    """The search has the focus; nothing that opens while one types is in the way."""
    page = open_page("/")
    type_into_search(page, typed)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Downloads of aiohttp, httpx and requests"
    )
    expect(page.locator("#chart")).to_be_in_viewport(ratio=0.5)


@pytest.mark.parametrize("separator", ["\n", " ", ", ", "\t"])
def test_pasted_names_are_compared(open_page: OpenPage, separator: str) -> None:
    page = open_page("/")
    expect(page.locator("#packages")).to_be_focused()
    page.evaluate(
        "text => document.execCommand('insertText', false, text)",
        separator.join(["requests", "httpx", "aiohttp"]),
    )
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?packages=aiohttp,httpx,requests$"))


def test_another_name_is_typed_behind_the_others(open_page: OpenPage) -> None:
    page = open_page("/")
    type_into_search(page, "requests")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Downloads of requests")
    type_into_search(page, ", httpx")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?packages=httpx,requests$"))


def test_keyboard_of_a_phone_does_not_stay_over_the_chart(open_page: OpenPage) -> None:
    page = open_page("/", device="phone")
    page.get_by_label("Packages to compare").fill("requests")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Downloads of requests")
    expect(page.get_by_label("Packages to compare")).not_to_be_focused()


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_one_click_on_an_example_shows_a_comparison(open_page: OpenPage, device: str) -> None:
    page = open_page("/", device=device)
    page.get_by_role("link", name="HTTP clients").click()
    expect(page.locator("#chart")).to_be_in_viewport()
    assert names_in_table(page) == ["requests", "httpx", "aiohttp"]


def test_badges_of_several_packages_name_them(open_page: OpenPage, steady_api: Served) -> None:
    page = open_page(THREE)
    addresses = [one.get_attribute("src") or "" for one in page.locator(".badges img").all()]
    badges = [steady_api.client.get(address).text for address in addresses]
    assert len(badges) == 3
    for package, badge in zip(["aiohttp", "httpx", "requests"], badges, strict=True):
        assert f"<title>{package}: " in badge


def test_sums_are_those_of_the_api(open_page: OpenPage, steady_api: Served) -> None:
    page = open_page(THREE)
    answer = steady_api.client.get("/compare?packages=aiohttp,httpx,requests&mirrors=false").json()
    for entry in answer["packages"]:
        row = page.get_by_role("row").filter(has_text=entry["package"]).first
        for key in ("last_day", "last_week", "last_month", "total_downloads"):
            expect(row).to_contain_text(f"{entry['stats'][key]:,}")


def test_option_changes_view_and_url(open_page: OpenPage) -> None:
    page = open_page(THREE)
    page.get_by_role("link", name="90 days").click()
    expect(page).to_have_url(re.compile(r"\?packages=aiohttp,httpx,requests&days=90$"))
    page.get_by_role("link", name="Log", exact=True).click()
    expect(page).to_have_url(re.compile("days=90&scale=log$"))
    for name in ("90 days", "Log"):
        chosen = page.get_by_role("link", name=name, exact=True)
        expect(chosen).to_have_attribute("aria-current", "true")


def test_shared_link_shows_same_view(open_page: OpenPage) -> None:
    page = open_page(THREE)
    page.get_by_role("link", name="Weeks").click()
    expect(page.get_by_role("link", name="Weeks")).to_have_attribute("aria-current", "true")
    other = open_page(page.url)
    assert other.locator("main").inner_html() == page.locator("main").inner_html()


def test_back_and_forward(open_page: OpenPage) -> None:
    page = open_page("/")
    page.get_by_role("link", name="Linters").click()
    page.get_by_role("link", name="pylint", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Downloads of pylint")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Downloads of flake8, pylint and ruff"
    )
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "How often is a Python package downloaded?"
    )
    page.go_forward()
    expect(page.get_by_label("Packages to compare")).to_have_value("flake8, pylint, ruff")


def test_package_can_be_removed(open_page: OpenPage) -> None:
    page = open_page(THREE)
    page.get_by_role("link", name="Remove httpx").click()
    expect(page).to_have_url(re.compile(r"\?packages=aiohttp,requests$"))


def test_script_loads_no_page_anew(open_page: OpenPage) -> None:
    page = open_page(THREE)
    page.evaluate("window.stillTheSame = true")
    page.get_by_role("link", name="30 days").click()
    expect(page).to_have_url(re.compile("days=30"))
    assert page.evaluate("window.stillTheSame")


@pytest.mark.parametrize(
    "label",
    ["Badge, Markdown", "Chart, HTML", "Chart, reStructuredText", "Figures, curl", "Figures, CSV"],
)
def test_copy_buttons_copy(open_page: OpenPage, steady_api: Served, label: str) -> None:
    page = open_page(THREE)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name=f"Copy: {label}").click()
    expect(page.get_by_role("status")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert steady_api.url in copied
    assert "requests" in copied


def test_copied_addresses_answer(open_page: OpenPage, steady_api: Served) -> None:
    for path in (THREE, "/?packages=requests&period=week", f"{THREE}&days=all"):
        page = open_page(path)
        texts = page.locator(".snippet code").all_text_contents()
        found = {
            address.replace("&amp;", "&").rstrip(")'\"")
            for text in texts
            for address in re.findall(rf"{steady_api.url}[^\s<>\"'\])]*", text)
        }
        assert len(found) > 5
        for address in found:
            assert httpx.get(address).status_code == 200, address


def test_copied_srcset_has_no_comma(open_page: OpenPage) -> None:
    page = open_page(THREE)
    picture = page.locator(".snippet code", has_text="srcset").text_content() or ""
    (srcset,) = re.findall(r'srcset="([^"]*)"', picture)
    assert "," not in srcset
    assert "%2C" in srcset
    assert "&amp;" in srcset


def test_suggestions_by_keyboard(open_page: OpenPage) -> None:
    page = open_page("/")
    field = page.get_by_label("Packages to compare")
    field.press_sequentially("request")
    suggestions = page.get_by_role("option")
    expect(suggestions.first).to_have_text("requests")
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    expect(suggestions.first).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    expect(field).to_have_value("requests, ")
    field.press_sequentially("http")
    field.press("ArrowDown")
    field.press("Tab")
    expect(field).to_have_value(re.compile("^requests, http[a-z]+, $"))
    expect(field).to_be_focused()
    field.fill("requests, ")
    field.press_sequentially("polar")
    field.press("ArrowDown")
    field.press("Escape")
    expect(suggestions).to_have_count(0)
    field.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Downloads of polar and requests")


def test_suggestion_by_touch(open_page: OpenPage) -> None:
    page = open_page("/", device="phone")
    field = page.get_by_label("Packages to compare")
    field.press_sequentially("fast")
    page.get_by_role("option", name="fastapi").tap()
    expect(field).to_have_value("fastapi, ")


@pytest.mark.parametrize("path", ["/", THREE])
def test_names_are_fetched_once_and_when_somebody_types(open_page: OpenPage, path: str) -> None:
    """They are larger than all the rest of a page, and the start page has the focus in the search."""
    page = open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path, wait_until="networkidle")
    field = page.get_by_label("Packages to compare")
    field.focus()
    assert not [url for url in asked if "names" in url]
    with page.expect_request("**/static/names.*.txt"):
        field.press_sequentially("x")
    field.press_sequentially("y")
    assert len([url for url in asked if "names" in url]) == 1


def test_keyboard_alone_compares(open_page: OpenPage) -> None:
    page = open_page("/")
    type_into_search(page, "flask, django")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Downloads of django and flask")
    page.keyboard.press("Tab")  # from the search to its button
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="30 days")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("days=30"))
    expect(page.get_by_role("link", name="30 days")).to_be_focused()


def test_first_tab_skips_to_content(open_page: OpenPage) -> None:
    page = open_page(THREE)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()


@pytest.mark.parametrize("path", ["/", THREE, TEN, "/?packages=requests"])
def test_first_view_is_small(open_page: OpenPage, path: str) -> None:
    """Under 60 KB over the wire."""
    page = open_page("about:blank")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(path, wait_until="networkidle")
    assert sum(sizes) < 60_000
    assert len(sizes) > 3


@pytest.mark.parametrize("device", ["phone", "tablet", "desktop"])
@pytest.mark.parametrize("path", ["/", TEN, "/?packages=requests", "/?packages=" + "x" * 200])
def test_nothing_is_wider_than_the_window(open_page: OpenPage, path: str, device: str) -> None:
    page = open_page(path, device=device, allowed=("404",))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("period", ["day", "week", "month"])
@pytest.mark.parametrize("scale", ["linear", "log", "index", "share"])
def test_pointer_reads_figures(
    open_page: OpenPage, steady_api: Served, scale: str, period: str
) -> None:
    page = open_page(f"{THREE}&period={period}&scale={scale}")
    axis = page.locator("#chart .wide path.axis").last.bounding_box()
    assert axis
    page.mouse.move(axis["x"] + axis["width"] / 2, axis["y"] - 50)
    readout = page.locator(".readout")
    expect(readout).to_be_visible()
    shown = dict(re.findall(r"(\w+)\t([\d,]+)", readout.inner_text()))
    answer = steady_api.client.get(
        f"/compare/downloads?packages=aiohttp,httpx,requests&mirrors=false&period={period}"
    ).json()
    sums = {
        entry["package"]: {f"{point['downloads']:,}" for point in entry["points"]}
        for entry in answer["packages"]
    }
    assert sorted(shown) == sorted(sums)
    assert all(shown[package] in sums[package] for package in sums)


def test_arrow_keys_read_figures(open_page: OpenPage) -> None:
    page = open_page("/?packages=requests")
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("20 Nov 2026, requests [0-9,]+"))
    expect(page.locator(".readout")).to_contain_text("20 Nov 2026")
    page.keyboard.press("Tab")
    expect(page.locator(".readout")).to_be_hidden()


def test_touch_reads_figures(open_page: OpenPage) -> None:
    page = open_page(THREE, device="phone")
    page.locator("#chart").tap()
    expect(page.locator(".readout")).to_contain_text("requests")


def test_gap_is_read_as_no_figures(open_page: OpenPage) -> None:
    page = open_page("/?packages=requests&days=all")
    slider = page.get_by_role("slider")
    slider.focus()
    for _ in range((dt.date(2026, 11, 21) - dt.date(2026, 10, 5)).days):
        page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "5 Oct 2026, requests no figures")
