"""The right answers to what is asked in measurements: worked out by `pulse`, and by no framework."""

import datetime as dt
from dataclasses import replace
from typing import Final

from pulse import __version__
from pulse.freshness import newest_expected
from pulse.models import Health, PackageStats
from pulse.names import PackageName
from pulse.pypistats import UpstreamAnswer, read_answer, request_path
from pulse.questions import Breakdown, Question
from pulse.stats import package_stats

from .samples import Variant
from .upstream_process import UpstreamProcess

PACKAGE: Final = PackageName("requests")
"""The article's. All ask for it: no variant keeps it, or joins two calls for it."""

UPSTREAM_PATH: Final = request_path(PACKAGE, Breakdown.OVERALL)


def right_stats(upstream: UpstreamProcess) -> PackageStats:
    """The figures of `PACKAGE`."""
    response = upstream.get(UPSTREAM_PATH)
    now = dt.datetime.now(dt.UTC)
    answer = UpstreamAnswer(response.status_code, response.headers, response.content, now)
    counts = read_answer(Question(PACKAGE, Breakdown.OVERALL), answer)
    as_of = max(counts.as_of, newest_expected(now))  # a lost day is loaded too
    return package_stats(PACKAGE, replace(counts, as_of=as_of), mirrors=True)


def right_health(variant: Variant) -> Health:
    """What a variant says of itself."""
    return Health(version=__version__, variant="fastapi" if variant == "fastapi" else "flask")
