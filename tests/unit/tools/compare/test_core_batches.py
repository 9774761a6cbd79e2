"""The article's functions, over the stand-in upstream."""

from datetime import UTC, date, datetime
from functools import partial

import pytest

from tools.compare.core_arena.batches import Batch, Done, run
from tools.compare.own_process import OwnProcess
from tools.fake_pypistats import FakePypistats, data

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROWS = data.rows("requests", "overall", date(2026, 11, 21))
TOTAL = sum(row.downloads for row in ROWS if row.category == "with_mirrors")
ALL = ("fastapi", "flask", "flask-threads")


def done(variant: str, calls: int, *, batches: int = 1) -> tuple[Done, int]:
    """What came of the last batch, and how many connections all of them opened."""
    with FakePypistats(now=NOW, limits=False) as upstream, OwnProcess() as process:
        url = f"{upstream.url}/api/packages/requests/overall"
        for _ in range(batches):
            last = process.do(partial(run, Batch(variant, url, "requests", calls)))
        assert len(upstream.requests) == calls * batches
        return last, upstream.connections


@pytest.mark.parametrize("variant", [*ALL, *(f"{variant}-pooled" for variant in ALL)])
def test_every_variant_comes_to_the_same_results(variant: str) -> None:
    last, _ = done(variant, 3)
    assert len(last.results) == 3
    for result in last.results:
        assert (result.package, result.latest_date) == ("requests", "2026-11-21")
        assert result.total_downloads == TOTAL


@pytest.mark.parametrize("variant", ALL)
def test_as_in_the_article_every_call_opens_a_connection(variant: str) -> None:
    assert done(variant, 3, batches=2)[1] == 6


@pytest.mark.parametrize("variant", ALL)
def test_pooled_connections_are_kept_from_batch_to_batch(variant: str) -> None:
    assert done(f"{variant}-pooled", 3, batches=2)[1] <= 3


@pytest.mark.parametrize("variant", ALL)
def test_processing_takes_its_time(variant: str) -> None:
    assert done(variant, 2)[0].client_ms > (20 if variant == "flask" else 10)
