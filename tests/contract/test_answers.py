"""Responses of both variants to valid requests."""

import datetime as dt
from typing import Any

import httpx
import pytest

from pulse import __version__
from pulse.pypistats import USER_AGENT
from tests.contract.variants import NOW, Ask, asking, handler_of
from tests.figures import expected_stats
from tests.serving import NO_CERTIFICATES
from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.packages import DEBUT, HERMIT, MIRRORED, NEWCOMER, RETIRED

AS_OF = dt.date(2026, 11, 21)


def overall_rows(fake_pypistats: FakePypistats, package: str) -> list[dict[str, Any]]:
    url = f"{fake_pypistats.url}/api/packages/{package}/overall"
    rows: list[dict[str, Any]] = httpx.get(url, trust_env=False, verify=NO_CERTIFICATES).json()[
        "data"
    ]
    return rows


def assert_stats(actual: dict[str, Any], expected: dict[str, Any]) -> None:
    assert actual == {**expected, "fetched_at": NOW.isoformat().replace("+00:00", "Z")}


@pytest.mark.parametrize("package", ["requests", "__all__", NEWCOMER, DEBUT, HERMIT, RETIRED])
@pytest.mark.parametrize("mirrors", [True, False])
def test_stats_match_plain_arithmetic(
    ask: Ask, fake_pypistats: FakePypistats, package: str, mirrors: bool
) -> None:
    answer = ask(f"/packages/{package}", f"mirrors={str(mirrors).lower()}")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    rows = overall_rows(fake_pypistats, package)
    assert_stats(answer.json, expected_stats(package, rows, AS_OF, mirrors=mirrors))


def test_mirrors_are_counted_by_default(ask: Ask) -> None:
    assert ask("/packages/requests").json["mirrors"] is True


@pytest.mark.parametrize(
    "spelling", ["Typing_Extensions", "typing.extensions", "typing-.-extensions"]
)
def test_name_is_normalised_for_upstream(
    ask: Ask, fake_pypistats: FakePypistats, spelling: str
) -> None:
    assert ask(f"/packages/{spelling}").json["package"] == "typing-extensions"
    paths = [request.path for request in fake_pypistats.requests]
    assert paths == ["/api/packages/typing-extensions/overall"]


def test_user_agent_is_sent(ask: Ask, fake_pypistats: FakePypistats) -> None:
    ask("/packages/requests")
    (request,) = fake_pypistats.requests
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers["user-agent"] == USER_AGENT


def test_comparison_keeps_order(ask: Ask) -> None:
    query = "packages=requests,Typing_Extensions&packages=no-such-package-xyz"
    answer = ask("/compare", query)
    assert answer.status == 200
    entries = answer.json["packages"]
    assert [(entry["package"], entry["status"]) for entry in entries] == [
        ("requests", "ok"),
        ("typing-extensions", "ok"),
        ("no-such-package-xyz", "not_found"),
    ]
    assert [set(entry) - {"package", "status"} for entry in entries] == [
        {"stats"},
        {"stats"},
        {"problem"},
    ]


def test_comparison_stats_match_single_stats(ask: Ask, fake_pypistats: FakePypistats) -> None:
    answer = ask("/compare", "packages=requests,flask&mirrors=false")
    for entry in answer.json["packages"]:
        rows = overall_rows(fake_pypistats, entry["package"])
        assert_stats(entry["stats"], expected_stats(entry["package"], rows, AS_OF, mirrors=False))


def test_comparison_has_one_as_of(ask: Ask, fake_pypistats: FakePypistats) -> None:
    answer = ask("/compare", f"packages=requests,{RETIRED},{HERMIT},{MIRRORED}&mirrors=false")
    stats = [entry["stats"] for entry in answer.json["packages"]]
    assert [one["as_of"] for one in stats] == ["2026-11-21"] * 4
    assert (stats[1]["latest_date"], stats[1]["last_month"]) == ("2026-08-13", 0)
    assert (stats[3]["latest_date"], stats[3]["last_month"]) == (None, 0)
    # The rows of all of PyPI are fetched once for all packages that need them.
    assert [request.path for request in fake_pypistats.requests].count(
        "/api/packages/__all__/overall"
    ) == 1


EVERY_KIND = f"requests,{RETIRED},{HERMIT},{MIRRORED},{DEBUT}"


def test_half_loaded_day_is_late_for_all(ask: Ask, fake_pypistats: FakePypistats) -> None:
    """Only `with_mirrors` has yesterday: no package may show zeros without mirrors."""
    (day_before,) = (
        row["downloads"]
        for row in overall_rows(fake_pypistats, "requests")
        if (row["category"], row["date"]) == ("without_mirrors", "2026-11-20")
    )
    fake_pypistats.set_rules("half-loaded:overall")
    answer = ask("/compare", f"packages={EVERY_KIND}&mirrors=false")
    stats = [entry["stats"] for entry in answer.json["packages"]]
    assert [one["as_of"] for one in stats] == ["2026-11-20"] * 5
    assert stats[0]["last_day"] == day_before > 0


def test_late_day_is_late_for_all(variant: str) -> None:
    """Also without upstream's own sums, which tell a late day from a lost one."""
    with FakePypistats(now=NOW - dt.timedelta(days=1), limits=False) as late:
        late.set_rules("500:recent:__all__")
        with handler_of(variant, PYPISTATS_URL=late.url) as handler:
            answer = asking(handler)("/compare", f"packages={EVERY_KIND}")
    days = [entry["stats"]["as_of"] for entry in answer.json["packages"]]
    assert days == ["2026-11-20"] * 5


def test_repeated_package_is_fetched_once(ask: Ask, fake_pypistats: FakePypistats) -> None:
    answer = ask("/compare", "packages=requests,Requests,flask")
    assert [entry["package"] for entry in answer.json["packages"]] == [
        "requests",
        "requests",
        "flask",
    ]
    assert len(fake_pypistats.requests) == 2


def test_fifty_packages_can_be_compared(ask: Ask) -> None:
    answer = ask("/compare", "packages=" + ",".join(["requests", "no-such-package"] * 25))
    assert answer.status == 200
    assert len(answer.json["packages"]) == 50


def test_health_names_version_and_variant(
    ask: Ask, fake_pypistats: FakePypistats, variant: str
) -> None:
    """Without an upstream call."""
    assert ask("/health").json == {
        "status": "ok",
        "version": __version__,
        "variant": variant.split(maxsplit=1)[0],
    }
    assert fake_pypistats.requests == []


@pytest.mark.parametrize("path", ["/packages/requests", "/health", "/nope"])
def test_head_is_get_without_body(ask: Ask, path: str) -> None:
    get, head = ask(path), ask(path, method="HEAD")
    assert head.status == get.status
    assert {**head.headers, "server-timing": ""} == {**get.headers, "server-timing": ""}
    assert head.body == ""


def test_invocations_share_one_connection(variant: str, fake_pypistats: FakePypistats) -> None:
    with handler_of(variant, PYPISTATS_URL=fake_pypistats.url, CACHE="off") as handler:
        for _ in range(10):
            assert asking(handler)("/packages/requests").status == 200
    assert fake_pypistats.connections == 1
    assert len(fake_pypistats.requests) == 10
