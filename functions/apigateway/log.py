"""The line that each request leaves in the log. Lambda writes it as JSON, its fields at the top."""

import itertools
import logging

from pulse.request_log import RequestLog

_log = logging.getLogger(__name__)
_requests = itertools.count()


def log_request(log: RequestLog, *, method: str, route: str, status: int) -> None:
    """Write the line of a request that has been answered.

    `route` is the route's pattern, such as `/packages/{package}`. The first request of an execution
    environment is a cold start.
    """
    cold_start = next(_requests) == 0
    line = log.line(method=method, route=route, status=status, cold_start=cold_start)
    _log.info("request", extra=line)
