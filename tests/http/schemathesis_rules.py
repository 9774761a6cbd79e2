"""Rules that schemathesis can't read from the contract, as narrow as possible.

schemathesis loads this module. Each failure that is dropped here was checked by hand.
"""

import datetime as dt
import http
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import AcceptedNegativeData, Failure, ServerError
from schemathesis.openapi.checks import RejectedPositiveData

RANKED = ("version", "country", "installer")
WITHOUT_MIRRORS = ("python_major", "python_minor", "system")

# Any date may be asked for, but most days between the years 1 and 9999 have no downloads. These have some.
schemathesis.openapi.format(
    "date",
    st.dates(dt.date(2026, 5, 1), dt.date(2026, 12, 1)).map(str),
)


@schemathesis.hook
def filter_failure(
    _context: schemathesis.HookContext,
    failure: Failure,
    case: schemathesis.Case[Any],
    response: schemathesis.Response,
) -> bool:
    """Drop "valid data rejected" if the request breaks a rule that no schema can express.

    The rules of downloads over time: `start` is not after `end`, `mirrors=true` does not go with Python versions
    and systems, `limit` goes with ranked breakdowns alone, and all of PyPI has none of these. Drop "invalid data accepted" of images, which are a 200 always, if the image says what is invalid.
    Drop the 501 of a route that needs a table, which is not there.
    """
    if isinstance(failure, ServerError):
        return response.status_code != http.HTTPStatus.NOT_IMPLEMENTED
    if isinstance(failure, AcceptedNegativeData):
        return response.headers.get("x-pulse-status") != ["422"]
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 422:
        return True
    errors = response.json()["errors"]
    is_all = case.path_parameters.get("package") == "__all__"
    return not all(_is_justified(error, case.query, is_all=is_all) for error in errors)


def _is_justified(error: dict[str, Any], query: dict[str, Any], *, is_all: bool) -> bool:
    """Whether the request really breaks the rule named in the response."""
    match error["parameter"]:
        case "start" | "end":
            start, end = query.get("start"), query.get("end")
            return bool(start and end and start > end)
        case "mirrors":
            return query["by"] in WITHOUT_MIRRORS and query["mirrors"] in (True, "true")
        case "limit":
            return query.get("by") not in RANKED
        case "by" | "version":
            return is_all
        case _:
            return False
