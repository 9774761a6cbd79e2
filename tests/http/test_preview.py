"""The picture that link previews show."""

import io
import re

import pytest
from PIL import Image

from tests.http.served import Served
from tools.fake_pypistats import FakePypistats


def colors(png: bytes) -> int:
    """How many colours a picture of the right size has."""
    picture = Image.open(io.BytesIO(png))
    assert picture.size == (1200, 600)
    return len(picture.convert("RGB").getcolors(2**20) or [])


@pytest.mark.parametrize(
    "query",
    [
        "packages=requests",
        "packages=flask,httpx,requests&period=month&scale=share",
        "packages=no-such-package,requests&days=30&scale=log",
    ],
)
def test_page_names_a_picture_of_its_view(api: Served, query: str) -> None:
    page = api.client.get(f"/?{query}")
    (address,) = re.findall(r'property="og:image" content="([^"]*)"', page.text)
    answer = api.client.get(address.replace("&amp;", "&"))
    assert answer.headers["content-type"] == "image/png"
    assert "content-encoding" not in answer.headers
    assert answer.headers["cache-control"] == page.headers["cache-control"]
    assert answer.headers["x-pulse-status"] == "200"
    assert colors(answer.content) > 50


@pytest.mark.parametrize(
    ("query", "status"),
    [("packages=no-such-package", "404"), ("packages=-x-", "422"), ("", "422"), ("days=7", "422")],
)
def test_picture_is_always_an_image(api: Served, query: str, status: str) -> None:
    answer = api.client.get(f"/preview.png?{query}")
    assert answer.status_code == 200
    assert answer.headers["x-pulse-status"] == status
    assert answer.headers["content-type"] == "image/png"
    assert "max-age=60," in answer.headers["cache-control"]
    assert colors(answer.content) > 2


def test_picture_says_that_upstream_failed(api: Served, fake_pypistats: FakePypistats) -> None:
    fake_pypistats.set_rules("500")
    answer = api.client.get("/preview.png?packages=requests")
    assert answer.status_code == 200
    assert colors(answer.content) > 2


def test_pages_without_figures_have_no_picture(api: Served) -> None:
    for path in ("/", "/?packages=no-such-package", "/?packages=-x-"):
        assert "og:image" not in api.client.get(path).text
