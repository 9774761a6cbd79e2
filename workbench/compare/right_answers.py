"""The right answers to what is asked in measurements: worked out by `pulse`, and by no framework."""

import datetime as dt
from typing import Final

from pulse import __version__
from pulse.analysis import package_stats
from pulse.as_of import own_as_of
from pulse.freshness import newest_expected
from pulse.models import Health, PackageStats
from pulse.names import PackageName
from pulse.pypistats import Endpoint, UpstreamAnswer, read_answer, request_path

from .samples import Variant
from .upstream_process import UpstreamProcess

PACKAGE: Final = PackageName("requests")
"""The article's. All ask for it: no variant keeps it, or joins two calls for it."""

UPSTREAM_PATH: Final = request_path(PACKAGE, Endpoint.OVERALL)


def right_stats(upstream: UpstreamProcess) -> PackageStats:
    """The figures of `PACKAGE`."""
    response = upstream.get(UPSTREAM_PATH)
    now = dt.datetime.now(dt.UTC)
    answer = UpstreamAnswer(response.status_code, response.headers, response.content, now)
    fetched = read_answer(PACKAGE, Endpoint.OVERALL, answer)
    as_of = own_as_of(fetched) or newest_expected(now)
    return package_stats(PACKAGE, fetched, as_of=as_of, mirrors=True)


def right_health(variant: Variant) -> Health:
    """What a variant says of itself."""
    return Health(version=__version__, variant="fastapi" if variant == "fastapi" else "flask")
