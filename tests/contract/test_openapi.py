"""The OpenAPI contract, as the FastAPI variant serves it."""

import json
from collections.abc import Iterator

import pytest

from tests.contract.variants import Ask, asking, handler_of
from tools import ROOT
from tools.fake_pypistats import FakePypistats


@pytest.fixture
def ask(fake_pypistats: FakePypistats) -> Iterator[Ask]:
    with handler_of("fastapi", PYPISTATS_URL=fake_pypistats.url) as handler:
        yield asking(handler)


def test_served_contract_is_the_documented_one(ask: Ask) -> None:
    """Its content has tests of its own, beside the clients that read it."""
    answer = ask("/openapi.json")
    assert answer.json == json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8"))
    assert answer.headers["access-control-allow-origin"] == "*"


def test_docs_page_links_to_contract(ask: Ask) -> None:
    answer = ask("/docs")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "/openapi.json" in answer.body
    assert answer.headers["access-control-allow-origin"] == "*"
