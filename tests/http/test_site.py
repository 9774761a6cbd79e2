"""The website over HTTP: addresses, caching, security headers, static files."""

import gzip
import re

import httpx
import pytest

from fastapi_app.security import CONTENT_SECURITY_POLICY
from fastapi_app.static_files import NAMES, static_path
from tests.http.served import Clock, Served
from tools.fake_pypistats import FakePypistats

PAGES = ["/", "/?packages=requests", "/?packages=flask,requests", "/?packages=-x-", "/docs"]


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("packages=requests,httpx", "packages=httpx,requests"),
        ("packages=Requests&packages=HTTPX", "packages=httpx,requests"),
        ("packages[]=Typing_Extensions", "packages=typing-extensions"),
        ("packages=a%20b;c,%0a,a", "packages=a,b,c"),
        ("days=180&packages=a&scale=linear&mirrors=false", "packages=a"),
        ("scale=log&packages=a&days=all", "packages=a&days=all&scale=log"),
        ("packages=a&scale=share", "packages=a"),
        ("packages=a&utm_source=x&fbclid=y", "packages=a"),
        ("packages=", ""),
        ("packages=,", ""),
    ],
)
def test_view_has_one_address(api: Served, query: str, canonical: str) -> None:
    answer = api.client.get(f"/?{query}")
    assert answer.status_code == 302
    assert answer.headers["location"] == (f"/?{canonical}" if canonical else "/")
    assert "max-age" in answer.headers["cache-control"]


def test_page_names_its_address(api: Served) -> None:
    answer = api.client.get("/?packages=flask,requests&days=30")
    assert '<link rel="canonical" href="/?packages=flask,requests&amp;days=30">' in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_page_is_secured(api: Served, path: str) -> None:
    answer = api.client.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", answer.text)
    scripts = re.findall(r"<script([^>]*)>", answer.text)
    assert all("src=" in script or "application/json" in script for script in scripts)


def test_typed_text_is_harmless(api: Served) -> None:
    answer = api.client.get("/", params={"packages": '\0"><script>\u202e\x1bx'})
    assert 'value="&#34;&gt;&lt;script&gt;x"' in answer.text
    assert answer.text.isprintable()


@pytest.mark.parametrize("path", PAGES)
def test_page_asks_no_other_origin(api: Served, path: str) -> None:
    text = api.client.get(path).text
    assert not re.search(r'\bsrc(?:set)?="(?:https?:)?//', text)
    links = re.findall(r'<link [^>]*href="([^"]*)"', text)
    assert links
    assert all(link.startswith("/") and not link.startswith("//") for link in links)


def test_page_is_cached_as_long_as_its_figures(api: Served) -> None:
    """Until 01:10 of the next day, as of noon."""
    path = "/?packages=requests"
    answer = api.client.get(path)
    assert "max-age=47400" in answer.headers["cache-control"]
    headers = {"if-none-match": answer.headers["etag"]}
    assert api.client.get(path, headers=headers).status_code == 304


def test_page_with_a_failure_is_not_cached(
    api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    fake_pypistats.set_rules("500:system")
    answer = api.client.get("/?packages=requests")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    fake_pypistats.set_rules()
    clock.move(minutes=1)
    assert "max-age" in api.client.get("/?packages=requests").headers["cache-control"]


def test_failed_page_says_when_to_come_back(api: Served, fake_pypistats: FakePypistats) -> None:
    fake_pypistats.set_rules("429")
    answer = api.client.get("/?packages=requests")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "etag" not in answer.headers


@pytest.mark.parametrize("name", sorted(NAMES))
def test_static_file_is_immutable_and_compressed(api: Served, name: str) -> None:
    path = static_path(name)
    answer = api.client.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    plain = api.client.get(path, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content


@pytest.mark.parametrize("path", ["/static/page.0123456789ab.css", "/static/page.css"])
def test_old_address_gets_the_current_file(api: Served, path: str) -> None:
    answer = api.client.get(path)
    assert answer.text == api.client.get(static_path("page.css")).text
    assert answer.headers["cache-control"] == "no-cache"
    headers = {"if-none-match": answer.headers["etag"]}
    assert api.client.get(path, headers=headers).status_code == 304


@pytest.mark.parametrize(
    "name", ["nothing.css", "page.css.gz", "..%2Fapp.py", "page.0123456789ab.js.map", "%00"]
)
def test_unknown_static_file_is_not_found(api: Served, name: str) -> None:
    answer = api.client.get(f"/static/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_static_file_is_sent_as_it_was_compressed(api: Served) -> None:
    with httpx.stream("GET", f"{api.url}{static_path('swagger-ui-bundle.js')}") as answer:
        body = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert len(body) < 600_000
    assert b"SwaggerUIBundle" in gzip.decompress(body)


@pytest.mark.parametrize(
    ("path", "content_type", "words"),
    [
        ("/robots.txt", "text/plain; charset=utf-8", "Disallow: /packages/"),
        ("/llms.txt", "text/plain; charset=utf-8", "/openapi.json"),
        ("/favicon.svg", "image/svg+xml", "<svg"),
    ],
)
def test_conventional_files(api: Served, path: str, content_type: str, words: str) -> None:
    answer = api.client.get(path)
    assert answer.headers["content-type"] == content_type
    assert words in answer.text
    assert answer.headers["cache-control"] == "public, max-age=86400"


def test_addresses_in_llms_txt_answer(api: Served) -> None:
    always, with_clickhouse = api.client.get("/llms.txt").text.split("ClickHouse on")
    for text, status in ((always, 200), (with_clickhouse.partition("##")[0], 501)):
        addresses = re.findall(rf"{api.url}[^\s`)]*", text)
        assert len(addresses) > 2
        for address in addresses:
            path = address.format(package="requests")
            assert api.client.get(path).status_code == status, path


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/llms.txt"])
def test_file_is_cached_and_compressed(api: Served, path: str) -> None:
    answer = api.client.get(path)
    assert "public, max-age=" in answer.headers["cache-control"]
    compressed = answer.headers.get("content-encoding") == "gzip"
    assert compressed == (len(answer.content) >= 1_000)
    headers = {"if-none-match": answer.headers["etag"]}
    assert api.client.get(path, headers=headers).status_code == 304


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/robots.txt", "/favicon.svg"])
def test_head_has_the_headers_of_get(api: Served, path: str) -> None:
    head, get = api.client.head(path), api.client.get(path)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["etag"] == get.headers["etag"]
