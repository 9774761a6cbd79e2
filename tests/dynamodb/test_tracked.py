"""Which packages are tracked, and what was collected of them."""

import asyncio
import os
from collections.abc import Awaitable, Callable

import pytest

from pulse.names import ALL_OF_PYPI, PackageName
from pulse_io.settings import Settings
from pulse_io.store.table import Table, TableUnavailable, open_table
from pulse_io.store.tracked import Collected, Progress, TrackedPackages
from tests.counts import day
from tests.dynamodb.table_at import TableAt

FLASK, HTTPX, REQUESTS = map(PackageName.parse, ("flask", "httpx", "requests"))

pytestmark = pytest.mark.usefixtures("history_table")


def with_table(ask: Callable[[Table], Awaitable[None]]) -> None:
    """Run `ask` with the table of history, on an event loop of its own."""

    async def main() -> None:
        settings = Settings.from_environ(os.environ)
        table = open_table(settings, settings.history_table or "")
        try:
            await ask(table)
        finally:
            await table.aclose()

    asyncio.run(main())


def test_adding_and_removing_are_idempotent() -> None:
    async def ask(table: Table) -> None:
        tracked = TrackedPackages(table)
        assert await tracked.read() == frozenset()
        for _ in range(2):
            await tracked.add([REQUESTS, FLASK, ALL_OF_PYPI])
            assert await tracked.read() == {REQUESTS, FLASK, ALL_OF_PYPI}
        for _ in range(2):
            await tracked.remove([REQUESTS, HTTPX])
            assert await tracked.read() == {FLASK, ALL_OF_PYPI}

    with_table(ask)


def test_changes_at_once_lose_nothing() -> None:
    names = [PackageName.parse(f"package-{number}") for number in range(40)]

    async def ask(table: Table) -> None:
        tracked = TrackedPackages(table)
        await tracked.add(names[:20])
        await asyncio.gather(tracked.add(names[20:]), tracked.remove(names[:10]))
        assert await tracked.read() == set(names[10:])

    with_table(ask)


def test_item_without_a_valid_name_is_ignored(
    history_table: TableAt, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("Typing_Extensions", "no name"):
        history_table.client.put_item(
            TableName=history_table.name, Item={"series": {"S": "tracked"}, "month": {"S": name}}
        )

    async def ask(table: Table) -> None:
        assert await TrackedPackages(table).read() == {"typing-extensions"}

    with_table(ask)
    assert [vars(line)["package"] for line in caplog.records] == ["no name"]


def test_progress_is_read_back() -> None:
    async def ask(table: Table) -> None:
        progress = Progress(table)
        assert await progress.read() == {}
        await progress.write(REQUESTS, Collected(day(1)))
        await progress.write(FLASK, Collected(day(1), is_unknown=True))
        assert await progress.read() == {
            REQUESTS: Collected(day(1)),
            FLASK: Collected(day(1), is_unknown=True),
        }
        await progress.write(FLASK, Collected(day(0)))
        assert (await progress.read())[FLASK] == Collected(day(0))

    with_table(ask)


def test_failing_table_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HISTORY_TABLE", "no-such-table")

    async def ask(table: Table) -> None:
        for asking in (
            TrackedPackages(table).read(),
            TrackedPackages(table).add([FLASK]),
            Progress(table).write(FLASK, Collected(day(0))),
        ):
            with pytest.raises(TableUnavailable):
                await asking

    with_table(ask)
