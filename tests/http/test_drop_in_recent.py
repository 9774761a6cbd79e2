"""The drop-in's `recent` equals upstream's at any time, although it is computed from rows."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.http.served import Clock, Served, served
from tests.http.side_by_side import BothAnswers, ask_both
from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.data import is_lost
from tools.fake_pypistats.packages import ALL_OF_PYPI, DEBUT, HERMIT, NEWCOMER

PACKAGES = [ALL_OF_PYPI, "requests", "falcon", NEWCOMER, DEBUT, HERMIT]
MIDNIGHT = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
DAYS = 40
BEFORE_LOADING, LOADED = {"hours": 1, "minutes": 9}, {"hours": 1, "minutes": 10}
MOMENTS = [BEFORE_LOADING, LOADED]

LOST_FOR_ALL = dt.date(2026, 12, 9)
LOST_FOR_ONE = {
    "requests": dt.date(2026, 12, 17),
    "falcon": dt.date(2026, 12, 11),
    NEWCOMER: dt.date(2026, 11, 23),
    DEBUT: dt.date(2026, 12, 2),
    HERMIT: dt.date(2026, 11, 29),
}


def ask(api: Served, fake_pypistats: FakePypistats, *packages: str) -> list[BothAnswers]:
    return ask_both(api, fake_pypistats, [f"/api/packages/{name}/recent" for name in packages])


def test_compared_days_include_lost_days() -> None:
    assert all(is_lost(package, day) for package, day in LOST_FOR_ONE.items())
    assert all(is_lost(package, LOST_FOR_ALL) for package in PACKAGES)
    last = (MIDNIGHT + dt.timedelta(days=DAYS - 1)).date()
    assert all(MIDNIGHT.date() < day < last for day in [*LOST_FOR_ONE.values(), LOST_FOR_ALL])


def test_recent_matches_for_forty_days(
    api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    differing = []
    for moment in (
        MIDNIGHT + dt.timedelta(days=day, **hours) for day in range(DAYS) for hours in MOMENTS
    ):
        clock.now = moment
        differing += [
            (str(moment), both.target)
            for both in ask(api, fake_pypistats, *PACKAGES)
            if not both.same_body()
        ]
    assert differing == []


def test_lost_day_costs_two_more_calls(
    api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    """Two in total, for all packages together."""
    clock.now = dt.datetime.combine(LOST_FOR_ALL + dt.timedelta(days=1), dt.time(12), dt.UTC)
    for package in ("requests", "falcon", HERMIT):
        for _ in range(2):
            assert api.client.get(f"/api/packages/{package}/recent").status_code == 200
    asked = [request.path.removeprefix("/api/packages/") for request in fake_pypistats.requests]
    assert sorted(asked) == [
        f"{ALL_OF_PYPI}/overall",
        f"{ALL_OF_PYPI}/recent",
        "falcon/overall",
        f"{HERMIT}/overall",
        "requests/overall",
    ]


def test_period_without_downloads_is_0(
    api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    """Upstream answers 404 there, as if the package were unknown."""
    package, day = "requests", LOST_FOR_ONE["requests"]
    clock.now = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(12), dt.UTC)
    (both,) = ask_both(api, fake_pypistats, [f"/api/packages/{package}/recent?period=day"])
    assert both.upstreams.status_code == httpx.codes.NOT_FOUND
    assert both.ours.status_code == httpx.codes.OK
    assert both.ours.json()["data"] == {"last_day": 0}


def test_recent_comes_from_rows(api: Served, fake_pypistats: FakePypistats) -> None:
    """No call to upstream's `recent` if rows give the answer."""
    for query in ("", "?period=day", "?period=week", "?period=month"):
        api.client.get(f"/api/packages/requests/recent{query}").raise_for_status()
    assert [request.path for request in fake_pypistats.requests] == [
        "/api/packages/requests/overall"
    ]


def test_recent_without_all_of_pypi_is_late(
    api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    """It is a guess then: nothing shows whether upstream is late. A day-old figure beats none."""
    package, day = "requests", LOST_FOR_ONE["requests"]
    clock.now = dt.datetime.combine(day, dt.time(12), dt.UTC)
    (before,) = ask(api, fake_pypistats, package)
    fake_pypistats.set_rules(f"500:*:{ALL_OF_PYPI}")
    clock.move(days=1)
    guesses = [api.client.get(f"/api/packages/{package}/recent") for _ in range(3)]
    assert all(guess.json()["data"] == before.upstreams.json()["data"] for guess in guesses)
    assert all("max-age=1800," in guess.headers["cache-control"] for guess in guesses)
    asked = [request.path for request in fake_pypistats.requests if ALL_OF_PYPI in request.path]
    assert len(asked) == 1
    fake_pypistats.set_rules()
    clock.move(minutes=30)
    (after,) = ask(api, fake_pypistats, package)
    assert after.same_body()


def test_concurrent_requests_share_lost_day_calls(
    api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    clock.now = dt.datetime.combine(LOST_FOR_ALL + dt.timedelta(days=1), dt.time(12), dt.UTC)
    targets = [f"/api/packages/{package}/recent" for package in ("requests", "falcon") * 8]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(api.client.get, targets))
    assert {answer.status_code for answer in answers} == {200}
    asked = [request.path for request in fake_pypistats.requests]
    assert sorted(asked) == sorted(set(asked))


def test_late_upstream_recent_ends_a_day_earlier(clock: Clock) -> None:
    """As upstream's own `recent` does."""

    # With a clock three hours slow, the fake pypistats loads each day three hours late.
    def slow() -> dt.datetime:
        return clock() - dt.timedelta(hours=3)

    clock.now = MIDNIGHT + dt.timedelta(hours=2)
    with FakePypistats(now=slow, limits=False) as late, served(late.url, clock) as api:
        before = ask(api, late, "requests", HERMIT)
        clock.move(hours=3)
        after = ask(api, late, "requests", HERMIT)
    assert all(both.same_body() for both in [*before, *after])
    assert before[0].ours.json() != after[0].ours.json()
