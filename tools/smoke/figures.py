"""The routes with figures: that each answers as the contract says, and that its sums are right."""

import csv
import io
from collections import Counter
from collections.abc import Callable
from typing import Final

import httpx

from tools.smoke import contract
from tools.smoke.live import Live, body_of, keep, said
from tools.smoke.promises import Promise

PACKAGE: Final = "/packages/{package}"
DOWNLOADS: Final = "/packages/{package}/downloads"
COMPARE: Final = "/compare"
DROP_IN: Final = "/api/packages/{package}/"
ENDPOINTS: Final = ("recent", "overall", "python_major", "python_minor", "system")


def _health(live: Live) -> None:
    answer = live.ask_well("/health")
    contract.check(live, "/health", answer)
    variant = body_of(answer)["variant"]
    keep(that=variant == "fastapi", broken=f"it is {variant!r} that answers, and not 'fastapi'")


def _package(live: Live) -> None:
    answer = live.ask_well(f"/packages/{live.package}")
    contract.check(live, PACKAGE, answer)
    stats = body_of(answer)
    keep(that=stats["package"] == live.package, broken=f"the package is {stats['package']!r}")
    sums = [stats[name] for name in ("last_day", "last_week", "last_month", "total_downloads")]
    keep(that=sums == sorted(sums), broken=f"a longer span has fewer downloads: {sums}")


def _all_of_pypi(live: Live) -> None:
    answer = live.ask("/packages/__all__")
    keep(
        that=answer.status_code != httpx.codes.NOT_FOUND,
        broken="it is unknown, so PYPISTATS_URL is not the address of an API like pypistats.org's",
    )
    keep(that=answer.is_success, broken=f"GET /packages/__all__: {said(answer)}")


def _any_spelling(live: Live) -> None:
    spelt = live.package.upper()
    package = body_of(live.ask_well(f"/packages/{spelt}"))["package"]
    keep(that=package == live.package, broken=f"{spelt} is answered as {package!r}")


def _downloads(live: Live) -> None:
    answer = live.ask_well(f"/packages/{live.package}/downloads?by=system&period=month")
    contract.check(live, DOWNLOADS, answer)
    for series in body_of(answer)["series"]:
        points = sum(point["downloads"] for point in series["points"])
        keep(
            that=points == series["total"],
            broken=f"{series['category']}: the points add up to {points}, not {series['total']}",
        )


def _downloads_as_csv(live: Live) -> None:
    path = f"/packages/{live.package}/downloads?by=system&period=month"
    answer = live.ask_well(f"{path}&format=csv")
    contract.check(live, DOWNLOADS, answer)
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    columns = list(rows[0]) if rows else []
    keep(
        that=columns == ["date", "category", "downloads"],
        broken=f"its columns are {', '.join(columns) or 'missing'}",
    )
    totals: Counter[str] = Counter()
    for row in rows:
        totals[row["category"]] += int(row["downloads"])
    as_json = {
        series["category"]: series["total"] for series in body_of(live.ask_well(path))["series"]
    }
    keep(that=dict(totals) == as_json, broken="its totals are not those of the JSON")


def _compare(live: Live) -> None:
    answer = live.ask_well(f"/compare?packages={live.other},{live.package}")
    contract.check(live, COMPARE, answer)
    compared = body_of(answer)["packages"]
    names = [one["package"] for one in compared]
    keep(that=names == [live.other, live.package], broken=f"the packages are {', '.join(names)}")
    for one in compared:
        keep(
            that=one["status"] in {"ok", "stale"},
            broken=f"{one['package']}: {one['status']}: {one.get('problem', {}).get('detail')}",
        )


def _drop_in(endpoint: str) -> Callable[[Live], None]:
    def trial(live: Live) -> None:
        answer = live.ask_well(f"/api/packages/{live.package}/{endpoint}")
        contract.check(live, DROP_IN + endpoint, answer)
        body = body_of(answer)
        told = (body["package"], body["type"])
        keep(that=told == (live.package, f"{endpoint}_downloads"), broken=f"it is about {told}")
        keep(that=len(body["data"]) > 0, broken="there is no data")

    return trial


ALL_OF_PYPI: Final = Promise(PACKAGE, "__all__ is known, as upstream has it", _all_of_pypi)
PROMISES: Final = (
    Promise("/health", "answers for FastAPI, as the contract says", _health),
    Promise(PACKAGE, "figures as the contract says, longer spans with more", _package),
    ALL_OF_PYPI,
    Promise(PACKAGE, "any spelling of a name will do", _any_spelling),
    Promise(DOWNLOADS, "a series as the contract says, which adds up", _downloads),
    Promise(DOWNLOADS, "the same as CSV", _downloads_as_csv),
    Promise(COMPARE, "both packages, in the order asked for", _compare),
    *(
        Promise(DROP_IN + endpoint, "pypistats.org's own shape", _drop_in(endpoint))
        for endpoint in ENDPOINTS
    ),
)
