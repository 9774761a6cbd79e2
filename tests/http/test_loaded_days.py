"""Days that are late, half loaded, lost or without downloads: responses and number of upstream calls."""

import datetime as dt
from collections import Counter

import pytest

from tests.http.served import Clock, Served, served
from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.data import is_lost
from tools.fake_pypistats.packages import ALL_OF_PYPI, HERMIT, MIRRORED, RETIRED

LOADED = dt.datetime(2026, 11, 22, 1, 10, tzinfo=dt.UTC)
LOST = dt.date(2026, 12, 9)
OVERALL = "/api/packages/{}/overall"
THREE = ["python_major", "python_minor", "system"]


def calls(fake_pypistats: FakePypistats) -> Counter[str]:
    return Counter(request.path for request in fake_pypistats.requests)


@pytest.mark.parametrize("endpoint", [*THREE, "overall?mirrors=false", "system?os=linux"])
def test_mirrors_only_package_is_known(api: Served, endpoint: str) -> None:
    answer = api.client.get(f"/api/packages/{MIRRORED}/{endpoint}")
    assert answer.status_code == 200
    assert answer.json()["data"] == []
    assert answer.headers["cache-control"].startswith("public, max-age=47400,")
    recent = api.client.get(f"/api/packages/{MIRRORED}/recent").json()["data"]
    assert recent == {"last_day": 0, "last_month": 0, "last_week": 0}
    recent = api.client.get(f"/api/packages/{MIRRORED}/recent?period=week").json()["data"]
    assert recent == {"last_week": 0}


def test_unknown_name_is_kept_for_an_hour(
    api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    """Where `overall` has to be asked too."""
    for minutes, asked in ((0, 1), (59, 1), (1, 2)):
        clock.move(minutes=minutes)
        assert api.client.get("/api/packages/no-such-package/system").status_code == 404
        assert set(calls(fake_pypistats).values()) == {asked}


@pytest.mark.parametrize(
    "path",
    [
        OVERALL.format(RETIRED),
        f"/packages/{RETIRED}",
        f"/packages/{RETIRED}/downloads?by=system",
        f"/api/packages/{MIRRORED}/system",
        f"/compare?packages={RETIRED},{MIRRORED}",
        "/packages/no-such-package/downloads?by=system",
    ],
)
def test_package_without_downloads_yesterday_is_fetched_daily(
    api: Served, fake_pypistats: FakePypistats, clock: Clock, path: str
) -> None:
    """The missing row is no reason to fetch it more often than once a day."""
    clock.now = LOADED
    for _ in range(48 if "no-such" not in path else 2):
        api.client.get(path)
        clock.move(minutes=29, seconds=59)
    assert set(calls(fake_pypistats).values()) == {1}
    clock.now = LOADED + dt.timedelta(days=1)
    api.client.get(path)
    assert set(calls(fake_pypistats).values()) == {2}


def test_comparison_has_one_as_of_for_all(api: Served) -> None:
    answer = api.client.get(f"/compare?packages=requests,{RETIRED}&mirrors=false").json()
    alive, retired = (entry["stats"] for entry in answer["packages"])
    assert alive["as_of"] == retired["as_of"] == "2026-11-21"
    assert (retired["last_week"], retired["stale"]) == (0, False)
    assert api.client.get(OVERALL.format(RETIRED).replace("overall", "recent")).json()["data"] == {
        "last_day": 0,
        "last_month": 0,
        "last_week": 0,
    }


def test_half_loaded_day_is_late(api: Served, fake_pypistats: FakePypistats, clock: Clock) -> None:
    fake_pypistats.set_rules("half-loaded:overall")
    clock.now = LOADED
    stats = api.client.get("/packages/requests?mirrors=false")
    assert stats.json()["as_of"] == "2026-11-20"
    assert stats.json()["last_day"] > 0
    assert "max-age=1800," in stats.headers["cache-control"]
    before = api.client.get("/api/packages/requests/recent").json()["data"]
    assert before["last_day"] == stats.json()["last_day"]
    fake_pypistats.set_rules()
    clock.move(minutes=30)
    stats = api.client.get("/packages/requests?mirrors=false")
    assert stats.json()["as_of"] == "2026-11-21"
    assert "max-age=84600," in stats.headers["cache-control"]


def test_package_is_not_called_again_because_all_of_pypi_fails(
    api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    """Its newest day may be half loaded, or just be without downloads."""
    fake_pypistats.set_rules("500:overall:__all__", "half-loaded:overall")
    clock.now = LOADED
    for _ in range(3):
        answer = api.client.get("/packages/requests").json()
        assert (answer["as_of"], answer["stale"]) == ("2026-11-20", False)
        clock.move(minutes=9)
    assert calls(fake_pypistats)[OVERALL.format("requests")] == 1


def test_late_day_is_fetched_every_half_hour(clock: Clock) -> None:
    """Until it is there, and no more after that."""

    def slow() -> dt.datetime:
        return clock() - dt.timedelta(hours=3)

    clock.now = LOADED
    with FakePypistats(now=slow, limits=False) as late, served(late.url, clock) as api:
        as_of = []
        for _ in range(20):
            as_of.append(api.client.get(f"/packages/{RETIRED}").json()["as_of"])
            clock.move(minutes=30)
        asked = calls(late)
    assert as_of == ["2026-11-20"] * 6 + ["2026-11-21"] * 14
    # Once when it is late, then every half hour until it is there.
    assert asked[OVERALL.format(RETIRED)] == asked[OVERALL.format("__all__")] == 7


def test_lost_day_is_fetched_once(api: Served, fake_pypistats: FakePypistats, clock: Clock) -> None:
    clock.now = dt.datetime.combine(LOST + dt.timedelta(days=1), dt.time(2), dt.UTC)
    for _ in range(20):
        stats = api.client.get("/packages/requests").json()
        assert (stats["as_of"], stats["last_day"]) == (LOST.isoformat(), 0)
        assert stats["missing_dates"][-1] == LOST.isoformat()
        clock.move(minutes=30)
    assert set(calls(fake_pypistats).values()) == {1}


def test_day_of_all_of_pypi_is_a_guess_without_upstreams_sums(
    api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    """They tell a lost day from a late one; the counts are served, and asked for again soon."""
    clock.now = dt.datetime.combine(LOST + dt.timedelta(days=1), dt.time(12), dt.UTC)
    fake_pypistats.set_rules(f"500:recent:{ALL_OF_PYPI}")
    answer = api.client.get(f"/packages/{ALL_OF_PYPI}")
    assert answer.json()["as_of"] == (LOST - dt.timedelta(days=1)).isoformat()
    assert "max-age=10," in answer.headers["cache-control"]
    fake_pypistats.set_rules()
    clock.move(seconds=10)
    assert api.client.get(f"/packages/{ALL_OF_PYPI}").json()["as_of"] == LOST.isoformat()


def test_late_day_a_week_after_lost_day(clock: Clock) -> None:
    """A lost day a week earlier must not make a late day look loaded."""

    def slow() -> dt.datetime:
        return clock() - dt.timedelta(hours=3)

    assert is_lost("requests", LOST)
    clock.now = dt.datetime.combine(LOST + dt.timedelta(days=8), dt.time(2), dt.UTC)
    with FakePypistats(now=slow, limits=False) as late, served(late.url, clock) as api:
        for package in ("requests", "flask", HERMIT):
            recent = api.client.get(f"/api/packages/{package}/recent").json()["data"]
            stats = api.client.get(f"/packages/{package}?mirrors=false").json()
            assert stats["as_of"] == (LOST + dt.timedelta(days=6)).isoformat()
            assert recent["last_day"] == stats["last_day"]
            assert recent["last_day"] > 0 or package == HERMIT
