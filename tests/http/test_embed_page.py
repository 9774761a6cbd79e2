"""docs/embed.md shows the pictures that the API answers, with every option, and what the website offers to copy.

A picture is that of the last address before it. `make docs` writes the pictures.
"""

import datetime as dt
import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest

from fastapi_app.pages.snippets import snippets
from fastapi_app.pages.view import View
from pulse.questions import ENDPOINTS, Breakdown
from tests.documentation import assert_documented
from tests.http.served import Clock, Served, served
from tools import ROOT
from tools.fake_pypistats import FakePypistats

FOLDER = ROOT / "docs/embed"
PAGE = (ROOT / "docs/embed.md").read_text(encoding="utf-8")
PICTURES = re.findall(r"`(/[^`]+)`[^`]*?\]\(embed/([\w-]+\.svg)\)", PAGE)
ROUTES = ["/packages/{package}/badge.svg", "/packages/{package}/chart.svg", "/compare/chart.svg"]
ANY = "any value"


@pytest.fixture
def api(fake_pypistats: FakePypistats, clock: Clock) -> Iterator[Served]:
    """With time for a machine that does other things too: a late picture has no figures."""
    with served(fake_pypistats.url, clock, IMAGE_DEADLINE_S="20") as api:
        yield api


@pytest.mark.parametrize(("address", "name"), PICTURES)
def test_picture_is_the_answer(api: Served, address: str, name: str) -> None:
    assert_documented(FOLDER / name, api.client.get(address).text)


def test_each_picture_is_shown_once() -> None:
    shown = re.findall(r"\]\(embed/([^)]+)\)", PAGE)
    assert sorted(shown) == sorted(name for _, name in PICTURES)
    assert sorted(shown) == sorted(path.name for path in FOLDER.iterdir())


@pytest.mark.parametrize("kind", ["badge.svg", "chart.svg"])
def test_every_option_is_shown(kind: str) -> None:
    """With every value, if the contract lists them; a default goes without saying.

    What needs ClickHouse is told in words: the fake pypistats.org has no figures for it.
    """
    contract = json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8"))
    parameters = [
        parameter
        for route in ROUTES
        for parameter in contract["paths"][route]["get"]["parameters"]
        if route.endswith(kind) and parameter["in"] == "query"
    ]
    options = {
        (one["name"], value) for one in parameters for value in one["schema"].get("enum", [ANY])
    }
    options -= {("by", name) for name in Breakdown if name not in ENDPOINTS}
    defaults = {(one["name"], one["schema"].get("default")) for one in parameters}
    shown = {
        option
        for address, _ in PICTURES
        if urlsplit(address).path.endswith(kind)
        for option in parse_qsl(urlsplit(address).query, keep_blank_values=True)
    }
    assert options
    assert options - defaults <= shown | {(name, ANY) for name, _ in shown}


@pytest.mark.parametrize(
    ("group", "packages"), [("Badge", "requests"), ("Chart", "httpx,requests")]
)
def test_snippets_are_those_of_the_website(group: str, packages: str) -> None:
    view = View.model_validate({"packages": packages})
    found = snippets(view, dt.date(2026, 5, 25), "https://pulse.example.org")
    texts = [one.text for one in found if one.group == group]
    assert len(texts) == 3
    for text in texts:
        assert f"\n{text}\n```\n" in PAGE
