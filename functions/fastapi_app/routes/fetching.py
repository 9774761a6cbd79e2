"""Fetches counts for several kinds of routes."""

import datetime as dt

from pulse.daily_counts import DailyCounts
from pulse.names import ALL_OF_PYPI, PackageName
from pulse.problems import NotConfigured, Problem
from pulse.questions import Breakdown, Question
from pulse.views import total_question
from pulse_io.catalogues import Catalogues


async def fetch_since(
    catalogue: Catalogues,
    question: Question,
    start: dt.date | None,
    deadline_s: float | None = None,
) -> DailyCounts:
    """The answer to one question, with the days from `start` on, as by `Catalogues.fetch_since`.

    Raises:
        Problem: there is no answer.
    """
    answers = await catalogue.fetch_since([question], start, deadline_s)
    answer = answers[question]
    if isinstance(answer, Problem):
        raise answer
    return answer


async def all_time(
    catalogue: Catalogues, package: PackageName, deadline_s: float | None = None
) -> DailyCounts:
    """All `overall` counts of a package: from ClickHouse, or from history where ClickHouse is off.

    History does not replace ClickHouse when it fails: a total would drop meanwhile.

    Raises:
        Problem: there is no answer.
    """
    if catalogue.has_clickhouse and package != ALL_OF_PYPI:
        return await catalogue.fetch(total_question(package), deadline_s)
    if not catalogue.has_history:
        raise NotConfigured.without(
            "CLICKHOUSE_URL or HISTORY_TABLE", "days beyond pypistats.org's window"
        )
    question = Question(package, Breakdown.OVERALL)
    return await fetch_since(catalogue, question, dt.date.min, deadline_s)
