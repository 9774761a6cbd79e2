"""Fetches `overall` counts of packages from an execution environment."""

from collections.abc import Iterable

from pulse.daily_counts import DailyCounts
from pulse.names import PackageName
from pulse.questions import Answer, Breakdown, Question
from pulse_io.catalogue import Catalogue


async def fetch(environment: Catalogue, package: PackageName) -> DailyCounts:
    """The counts of one package; raises its problem."""
    return await environment.fetch(Question(package, Breakdown.OVERALL))


async def fetch_all(
    environment: Catalogue, packages: Iterable[PackageName]
) -> dict[PackageName, Answer]:
    """The answers of one request for several packages."""
    questions = [Question(package, Breakdown.OVERALL) for package in packages]
    answers = await environment.fetch_all(questions)
    return {question.package: answer for question, answer in answers.items()}
