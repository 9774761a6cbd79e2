"""Writes one log line per request. Lambda formats it as JSON, with the fields at the top level."""

import itertools
import logging

from pulse.request_log import RequestLog

_log = logging.getLogger(__name__)
_requests = itertools.count()


def log_request(log: RequestLog, *, method: str, route: str, status: int) -> None:
    """Write the log line of a finished request.

    `route` is the route's pattern, such as `/packages/{package}`. The first request of an execution
    environment is a cold start.
    """
    cold_start = next(_requests) == 0
    line = log.line(method=method, route=route, status=status, cold_start=cold_start)
    _log.info("request", extra=line)
