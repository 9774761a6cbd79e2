"""Asks the catalogues, with a ClickHouse server and without pypistats.org."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, TypeVar

from pulse.names import PackageName
from pulse.questions import Answer, Breakdown, Question, View
from pulse_io.catalogues import Catalogues
from pulse_io.settings import Settings
from pulse_io.wiring import open_catalogues
from tests.clocks import Clock
from tests.counts import NOON
from tools.clickhouse.server import ClickHouse

T = TypeVar("T")
DAY_AFTER: Final = Clock(NOON)
"""The day after the newest."""


def with_catalogues(
    server: ClickHouse,
    use: Callable[[Catalogues], Awaitable[T]],
    changed: Mapping[str, str] | None = None,
    now: Callable[[], dt.datetime] = DAY_AFTER,
) -> T:
    """Run `use` with new catalogues."""
    environ = {
        "PYPISTATS_URL": "http://127.0.0.1:9",
        "CLICKHOUSE_PER_HOUR": "0",
        **server.environ(),
        **(changed or {}),
    }

    async def main() -> T:
        settings = Settings.from_environ(environ)
        catalogues = open_catalogues(settings, now, lambda: now().timestamp())
        try:
            return await use(catalogues)
        finally:
            await catalogues.aclose()

    return asyncio.run(main())


def ask(
    server: ClickHouse, questions: Iterable[Question], **settings: str
) -> dict[Question, Answer]:
    """The answers to questions, with these settings."""
    return with_catalogues(server, lambda opened: opened.fetch_all(questions), settings)


def about(package: str, breakdown: Breakdown, view: View | None = None) -> Question:
    """A question with a view, by default of all days."""
    return Question(PackageName.parse(package), breakdown, view or View())
