"""The start page with the most downloaded packages."""

import datetime as dt

import pytest

from fastapi_app.pages.home import home
from fastapi_app.pages.layout import Site
from pulse.daily_counts import Source
from pulse.models import TopPackage, TopPackages
from pulse.names import PackageName


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("clickhouse", "From ClickHouse, with downloads by mirrors."),
        ("simulated", "Invented figures, with downloads by mirrors."),
    ],
)
def test_list_names_its_source(source: Source, words: str) -> None:
    top = TopPackages(
        period="month",
        start=dt.date(2026, 10, 1),
        end=dt.date(2026, 10, 31),
        as_of=dt.date(2026, 11, 21),
        total_downloads=7,
        packages=[TopPackage(rank=1, package=PackageName("requests"), downloads=7)],
        source=source,
        fetched_at=dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
        stale=False,
    )
    assert words in home(Site("http://127.0.0.1", ""), top)
