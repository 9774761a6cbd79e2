"""Badges and charts as Lambda responses: always 200 with an image."""

import json
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from pulse.svg_text import abbreviated
from tests.contract.variants import Answer, Ask, asking, handler_of
from tests.pictures import Picture, read
from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.packages import DEBUT, DOWNLOADS_PER_DAY, MIRRORED, RETIRED

PACKAGES = ["requests", "__all__", DEBUT, MIRRORED, RETIRED]
BADGE, CHART, COMPARED = (
    "/packages/requests/badge.svg",
    "/packages/requests/chart.svg",
    "/compare/chart.svg",
)


@pytest.fixture
def ask(fake_pypistats: FakePypistats) -> Iterator[Ask]:
    with handler_of("fastapi", PYPISTATS_URL=fake_pypistats.url) as handler:
        yield asking(handler)


def picture(answer: Answer, status: int = 200) -> Picture:
    """Read an image; the status is in a header."""
    assert answer.status == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-pulse-status"] == str(status)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert ("max-age=60," in answer.headers["cache-control"]) is (status != 200)
    return read(answer.body)


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_badge_has_the_figure_of_the_json_route(ask: Ask, package: str, period: str) -> None:
    stats = ask(f"/packages/{package}").json
    badge = picture(ask(f"/packages/{package}/badge.svg", f"period={period}"))
    figure = f"{abbreviated(stats[f'last_{period}'])}/{period}"
    assert badge.title == f"downloads: {figure}"
    assert badge.texts[-1] == figure
    endpoint = ask(f"/packages/{package}/badge.json", f"period={period}")
    assert endpoint.headers["content-type"] == "application/json"
    assert endpoint.json == {
        "schemaVersion": 1,
        "label": "downloads",
        "message": figure,
        "color": "blue",
        "isError": False,
        "cacheSeconds": 47_400,
    }
    assert "max-age=47400" in endpoint.headers["cache-control"]


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("query", ["", "period=week&scale=log&width=400", "scale=index&theme=dark"])
def test_chart_has_the_figures_of_the_json_route(ask: Ask, package: str, query: str) -> None:
    (series,) = ask(f"/packages/{package}/downloads", "mirrors=true").json["series"]
    chart = picture(ask(f"/packages/{package}/chart.svg", query))
    assert f"{series['total']:,} downloads" in chart.description or "No data" in chart.texts


def test_pictures_of_every_package_have_its_figures(ask: Ask) -> None:
    for package in sorted(DOWNLOADS_PER_DAY):
        stats = ask(f"/packages/{package}").json
        badge = picture(ask(f"/packages/{package}/badge.svg"))
        assert badge.texts[-1] == f"{abbreviated(stats['last_month'])}/month", package
        chart = picture(ask(f"/packages/{package}/chart.svg"))
        total = f"{stats['total_downloads']:,} downloads"
        assert total in chart.description or "No data" in chart.texts, package


@pytest.mark.parametrize("by", ["overall", "python_major", "python_minor", "system"])
@pytest.mark.parametrize("query", ["", "&period=month", "&scale=log", "&scale=index&width=320"])
def test_breakdown_has_the_figures_of_the_json_route(ask: Ask, by: str, query: str) -> None:
    chart = picture(ask(CHART, f"by={by}{query}"))
    series = ask("/packages/requests/downloads", f"by={by}").json["series"]
    totals = {one["category"]: one["total"] for one in series}
    if by == "overall":
        assert f"without mirrors: {totals['without_mirrors']:,} downloads" in chart.description
    else:
        largest = max(totals, key=lambda name: totals[name])
        assert f"{largest}: {totals[largest]:,} downloads" in chart.description


def test_comparison_has_the_figures_of_the_json_route(ask: Ask) -> None:
    query = "packages=requests,httpx,no-such-package-xyz&mirrors=false"
    chart = picture(ask(COMPARED, query))
    for entry in ask("/compare/downloads", query).json["packages"][:2]:
        assert f"{entry['package']}: {entry['total']:,} downloads" in chart.description
    assert "no-such-package-xyz: unknown package." in chart.texts[-1]


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
@pytest.mark.parametrize("scale", ["linear", "log", "index", "share"])
def test_ten_packages_in_every_theme_and_scale(ask: Ask, theme: str, scale: str) -> None:
    names = "requests,httpx,aiohttp,numpy,pandas,flask,fastapi,django,boto3,urllib3"
    chart = picture(ask(COMPARED, f"packages={names}&theme={theme}&scale={scale}"))
    assert (
        sum(any(text.startswith(name) for text in chart.texts) for name in names.split(",")) == 10
    )


HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><b onload=x>&amp;",
    "a\x00b\x1b\ufffe",
    "\u202eabc\u2066",
    "😀🏳️‍🌈 עברית 日本",
    "x" * 100,
    "",
    "  ",
]


@pytest.mark.parametrize("label", HOSTILE)
@pytest.mark.parametrize("query", ["", "&color=nocolor", "&style=plastic"])
def test_hostile_label_is_harmless(ask: Ask, label: str, query: str) -> None:
    answer = ask(BADGE, f"label={quote(label)}{query}")
    picture(answer, 422 if "color" in query else 200)
    assert "<script" not in answer.body


@pytest.mark.parametrize(
    ("path", "query", "status", "words"),
    [
        ("/packages/no-such-package-xyz/badge.svg", "", 404, "unknown package"),
        ("/packages/-x-/badge.svg", "", 422, "invalid package"),
        ("/packages/%3Cscript%3E/badge.svg", "", 422, "invalid package"),
        ("/packages/a%2Fb/badge.svg", "", 422, "invalid package"),
        (BADGE, "period=year", 422, "invalid period"),
        (BADGE, "period=total", 501, "not configured"),
        (BADGE, "color=chartreusish", 422, "invalid color"),
        (BADGE, "style=round", 422, "invalid style"),
        (BADGE, "mirror=false", 422, "invalid mirror"),
        (BADGE, f"label={'x' * 200}", 422, "invalid label"),
        ("/packages/no-such-package-xyz/chart.svg", "", 404, "Unknown package"),
        ("/packages/-x-/chart.svg", "theme=dark", 422, "Invalid package"),
        (CHART, "width=319", 422, "Invalid width"),
        (CHART, "width=5000", 422, "Invalid width"),
        (CHART, "width=nan", 422, "Invalid width"),
        (CHART, "start=soon", 422, "Invalid start"),
        (CHART, "start=2026-11-02&end=2026-11-01", 422, "Invalid start"),
        (CHART, "by=system&mirrors=true", 422, "Invalid mirrors"),
        (CHART, "by=planet", 422, "Invalid by"),
        (CHART, "by=country", 501, "Not configured"),
        (CHART, "scale=share", 422, "Invalid scale"),
        (COMPARED, "", 422, "Invalid packages"),
        (COMPARED, "packages=" + ",".join(f"p{n}" for n in range(11)), 422, "Invalid packages"),
        (COMPARED, "packages=a,%3Cb%3E", 422, "Invalid packages"),
        (COMPARED, "packages=no-such-package-xyz,no-such-package-abc", 404, "Unknown package"),
        ("/compare/nothing.svg", "", 404, "No such route"),
        ("/packages/requests/badge.svg/", "", 404, None),
    ],
)
def test_error_is_an_image_with_words(
    ask: Ask, path: str, query: str, status: int, words: str | None
) -> None:
    answer = ask(path, query)
    if words is None:
        assert answer.status == status
        return
    assert words in picture(answer, status).texts


def test_error_keeps_what_is_valid_of_the_look(ask: Ask) -> None:
    chart = ask(CHART, "width=400&theme=dark&by=nothing")
    assert picture(chart, 422).size[0] == 400
    assert "#0d1117" in chart.body
    assert "#ffffff" not in chart.body
    badge = ask(BADGE, "label=PyPI&style=plastic&color=x")
    assert "PyPI" in picture(badge, 422).texts
    assert picture(badge, 422).size[1] == 18


@pytest.mark.parametrize("fault", ["500", "429", "dropped", "html", "truncated"])
@pytest.mark.parametrize("path", [BADGE, CHART, f"{COMPARED}?packages=requests,httpx"])
def test_failing_upstream_is_an_image(
    ask: Ask, fake_pypistats: FakePypistats, fault: str, path: str
) -> None:
    fake_pypistats.set_rules(fault)
    path, _, query = path.partition("?")
    answer = ask(path, query)
    status = int(answer.headers["x-pulse-status"])
    assert status >= 500
    texts = " ".join(picture(answer, status).texts).lower()
    assert "no data yet" in texts


@pytest.mark.parametrize(("package", "status"), [("requests", 200), ("no-such-package-xyz", 404)])
@pytest.mark.parametrize("query", ["period=day&label=x&color=red&style=plastic&mirrors=false", ""])
def test_badge_json_takes_the_query_of_the_picture(
    ask: Ask, package: str, status: int, query: str
) -> None:
    drawn = picture(ask(f"/packages/{package}/badge.svg", query), status)
    endpoint = ask(f"/packages/{package}/badge.json", query)
    assert endpoint.headers["x-pulse-status"] == str(status)
    assert f"{endpoint.json['label']}: {endpoint.json['message']}" == drawn.title
    assert endpoint.json.get("style") == ("plastic" if query else None)


def test_badge_json_says_an_error(ask: Ask) -> None:
    answer = ask("/packages/no-such-package-xyz/badge.json", "label=x")
    assert (answer.status, answer.headers["x-pulse-status"]) == (200, "404")
    assert answer.json == {
        "schemaVersion": 1,
        "label": "x",
        "message": "unknown package",
        "color": "lightgrey",
        "isError": True,
        "cacheSeconds": 60,
    }


@pytest.mark.parametrize("path", [BADGE, CHART, "/packages/-x-/badge.svg"])
def test_image_is_not_sent_again(ask: Ask, path: str) -> None:
    first = ask(path)
    again = ask(path, **{"if-none-match": first.headers["etag"]})
    assert (again.status, again.body) == (304, "")
    assert ask(path, method="HEAD").headers["content-type"] == "image/svg+xml"


def test_wrong_method_is_a_problem(ask: Ask) -> None:
    answer = ask(BADGE, method="POST")
    assert (answer.status, answer.headers["content-type"]) == (405, "application/problem+json")


def test_defect_is_an_image(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        message = "a secret of the implementation"
        raise ZeroDivisionError(message)

    monkeypatch.setattr("pulse.badges.downloads_badge", fail)
    answer = ask(BADGE)
    assert "internal error" in picture(answer, 500).texts
    assert "secret" not in json.dumps(answer.headers) + answer.body


@pytest.mark.parametrize("name", ["requests", "Requests", "REQUESTS"])
def test_names_are_normalised(ask: Ask, name: str) -> None:
    assert ask(f"/packages/{name}/badge.svg").body == ask(BADGE).body


def test_drawing_is_imported_when_needed() -> None:
    """A cold start that answers with JSON does not pay for images."""
    code = "import sys, fastapi_app.handler; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert "fastapi_app.routes.images" in modules
    assert not {"pulse.badges", "pulse.charts", "pulse.svg_text"}.intersection(modules)


def test_chart_outside_of_the_window_is_words(ask: Ask) -> None:
    chart = picture(ask(CHART, "start=2020-01-01&end=2020-12-31"))
    assert "No data" in chart.texts
