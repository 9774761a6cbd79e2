"""Base paths, and the prefix `/flask` where one HTTP API serves both variants."""

import re
from collections.abc import Iterator

import pytest

from tests.contract.variants import HOST, Ask, asking, handler_of
from tools.fake_pypistats import FakePypistats


@pytest.mark.parametrize("path", ["/packages/requests", "/flask/packages/requests"])
def test_flask_answers_with_and_without_prefix(fake_pypistats: FakePypistats, path: str) -> None:
    with handler_of("flask sequential", PYPISTATS_URL=fake_pypistats.url) as handler:
        answer = asking(handler)(path)
    assert answer.status == 200
    assert answer.json["package"] == "requests"


@pytest.mark.parametrize("path", ["/flask/nope", "/flask", "/flask/", "/flaskhealth"])
def test_problem_names_path_with_prefix(fake_pypistats: FakePypistats, path: str) -> None:
    with handler_of("flask sequential", PYPISTATS_URL=fake_pypistats.url) as handler:
        answer = asking(handler)(path)
    assert answer.status == 404
    assert answer.json["instance"] == path


@pytest.fixture
def ask_below(variant: str, fake_pypistats: FakePypistats) -> Iterator[Ask]:
    """A variant behind a stage `prod`, which is part of the events' paths."""
    with handler_of(variant, PYPISTATS_URL=fake_pypistats.url, BASE_PATH="prod/") as handler:
        yield asking(handler)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/packages/requests", ""),
        ("/packages/requests/downloads", "by=system"),
        ("/compare", "packages=requests"),
        ("/health", ""),
    ],
)
def test_routes_answer_with_and_without_base_path(ask_below: Ask, path: str, query: str) -> None:
    below, without = ask_below(f"/prod{path}", query), ask_below(path, query)
    assert (below.status, without.status) == (200, 200)
    assert below.json | {"fetched_at": ""} == without.json | {"fetched_at": ""}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/prodhealth", 404),
        ("/prod/prod/health", 404),
        ("/prod/nope", 404),
        ("/prod/packages/-x-", 422),
        ("/prod/packages/good%2Fdownloads", 422),
        ("/packages/-x-", 422),
        ("/stage/health", 404),
    ],
)
def test_problem_names_path_with_base_path(ask_below: Ask, path: str, status: int) -> None:
    answer = ask_below(path)
    assert answer.status == status
    assert answer.json["instance"] == path


def test_flask_prefix_follows_base_path(fake_pypistats: FakePypistats) -> None:
    environ = {"PYPISTATS_URL": fake_pypistats.url, "BASE_PATH": "/stats/v1"}
    with handler_of("flask sequential", **environ) as handler:
        ask = asking(handler)
        assert ask("/stats/v1/flask/health").json["variant"] == "flask"
        assert ask("/flask/health").status == 200
        assert ask("/flask/stats/v1/health").status == 404


@pytest.mark.parametrize(
    ("base", "below"), [("", ""), ("prod", "/prod"), ("stats/v1", "/stats/v1")]
)
@pytest.mark.parametrize("in_path", [True, False])
def test_links_are_below_base_path(
    fake_pypistats: FakePypistats, base: str, below: str, in_path: bool
) -> None:
    """A stage's name is in the event's path. The key of an API mapping is not."""
    environ = {"PYPISTATS_URL": fake_pypistats.url, "BASE_PATH": base}
    with handler_of("fastapi", **environ) as handler:
        ask, path = asking(handler), below if in_path else ""
        link = ask(f"{path}/packages/requests").headers["link"]
        assert link == f'<{below}/openapi.json>; rel="service-desc"; type="application/json"'
        assert f'data-contract="{below}/openapi.json"' in ask(f"{path}/docs").body
        servers = ask(f"{path}/openapi.json").json["servers"]
        assert [server["url"] for server in servers] == [below or "/"]
        addresses = re.findall(r"(?:GET `?|\(|`)(https?://[^ )`]*)", ask(f"{path}/llms.txt").body)
        assert len(addresses) > 6
        assert all(one.startswith(f"https://{HOST}{below}/") for one in addresses)


@pytest.mark.parametrize("path", ["/prod", "/prod/", "/"])
def test_page_is_below_base_path(fake_pypistats: FakePypistats, path: str) -> None:
    """All its links, files and forms are, too."""
    with handler_of("fastapi", PYPISTATS_URL=fake_pypistats.url, BASE_PATH="prod") as handler:
        ask = asking(handler)
        pages = [ask(path), ask(path, "packages=httpx,requests"), ask(f"{path.rstrip('/')}/docs")]
        moved = ask(path, "packages=Requests")
        files = [file for page in pages for file in re.findall(r'="(/[^"?]*\.\w+)"', page.body)]
        answers = {file: ask(file).status for file in files}
    assert [page.status for page in pages] == [200, 200, 200]
    assert (moved.status, moved.headers["location"]) == (302, "/prod/?packages=requests")
    for page in pages:
        for address in re.findall(r' (?:href|src|action|data-names)="(/[^"]*)"', page.body):
            assert address.startswith("/prod/")
    assert len(answers) > 5
    assert set(answers.values()) == {200}


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({}, f"https://{HOST}"),
        ({"host": "stats.example.org", "x-forwarded-proto": "https"}, "https://stats.example.org"),
        ({"host": "127.0.0.1:3000", "x-forwarded-proto": "http"}, "http://127.0.0.1:3000"),
        ({"x-forwarded-proto": "javascript"}, f"https://{HOST}"),
    ],
)
def test_absolute_links_have_the_asked_host(
    fake_pypistats: FakePypistats, headers: dict[str, str], origin: str
) -> None:
    """The link preview's picture, what people copy, and `llms.txt`."""
    with handler_of("fastapi", PYPISTATS_URL=fake_pypistats.url, BASE_PATH="prod") as handler:
        page = asking(handler)("/", "packages=requests", **headers).body
        words = asking(handler)("/llms.txt", **headers).body
    assert f'property="og:image" content="{origin}/prod/preview.png?packages=requests"' in page
    assert f'property="og:url" content="{origin}/prod/?packages=requests"' in page
    assert f"({origin}/prod/packages/requests/badge.svg" in page
    assert f"({origin}/prod/openapi.json)" in words
