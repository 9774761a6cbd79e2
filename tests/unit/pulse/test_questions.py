"""Kinds of questions as text, and the keys of questions."""

import datetime as dt
from itertools import product

import pytest

from pulse.names import PackageName
from pulse.questions import Breakdown, Kind, Question, View

DAY = dt.date(2026, 11, 21)
VIEWS = [
    View._make(values)
    for values in product(
        (None, DAY), (None, DAY), ("day", "all"), (None, '2.0"#é'), (None, True, False), (None, 10)
    )
]


@pytest.mark.parametrize("breakdown", [Breakdown.OVERALL, Breakdown.FILE_TYPE])
def test_kind_survives_as_text(breakdown: Breakdown) -> None:
    for view in VIEWS:
        assert Kind.parse(Kind(breakdown, view).text) == Kind(breakdown, view)


def test_keys_are_distinct() -> None:
    package = PackageName.parse("requests")
    questions = [
        Question(package, breakdown, view) for breakdown in Breakdown for view in (None, *VIEWS)
    ]
    assert len({question.key for question in questions}) == len(questions)


def test_plain_question_has_its_old_key() -> None:
    assert Question(PackageName.parse("requests"), Breakdown.SYSTEM).key == "system#requests"
