"""The API's documentation: Swagger UI, hosted by ourselves."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, Theme


def test_docs_show_and_execute_operations(open_page: OpenPage) -> None:
    """Under the same Content-Security-Policy as all pages, without another origin."""
    page = open_page("/docs")
    page.locator("#operations-health-get_health button").first.click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table")).to_contain_text('"variant": "fastapi"')


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_docs_follow_the_theme(open_page: OpenPage, theme: Theme) -> None:
    page = open_page("/docs", theme=theme)
    dark = page.locator("html.dark-mode")
    expect(dark).to_have_count(1 if theme == "dark" else 0)


def test_docs_without_javascript_name_the_contract(open_page: OpenPage) -> None:
    page = open_page("/docs", javascript=False)
    expect(page.get_by_role("link", name="/openapi.json")).to_be_visible()
