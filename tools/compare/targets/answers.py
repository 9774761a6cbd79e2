"""Right answers: a fast error does not count, so every answer is checked."""

import datetime as dt
import re
from dataclasses import replace
from typing import Final

from pulse import __version__
from pulse.freshness import newest_expected
from pulse.models import Health, PackageStats
from pulse.names import PackageName
from pulse.pypistats import UpstreamAnswer, read_answer, request_path
from pulse.questions import Breakdown, Question
from pulse.stats import package_stats
from tools.compare.plan import base
from tools.compare.upstream import Upstream

PACKAGE: Final = PackageName("requests")
"""The article's."""

UPSTREAM_PATH: Final = request_path(PACKAGE, Breakdown.OVERALL)

_FETCHED_AT: Final = re.compile(rb'(?<="fetched_at":")[^"]*')


def right_stats(upstream: Upstream) -> PackageStats:
    """The figures of `PACKAGE`, worked out by `pulse` without a framework."""
    response = upstream.get(UPSTREAM_PATH)
    now = dt.datetime.now(dt.UTC)
    answer = UpstreamAnswer(response.status_code, response.headers, response.content, now)
    counts = read_answer(Question(PACKAGE, Breakdown.OVERALL), answer)
    as_of = max(counts.as_of, newest_expected(now))  # a missing day is loaded too
    return package_stats(PACKAGE, replace(counts, as_of=as_of), mirrors=True)


def right_health(variant: str) -> bytes:
    """The body of a variant's health route."""
    framework = "fastapi" if base(variant) == "fastapi" else "flask"
    return Health(version=__version__, variant=framework).model_dump_json().encode()


def without_time(body: bytes) -> bytes:
    """A body without the moment at which its figures were fetched."""
    return _FETCHED_AT.sub(b"", body)
