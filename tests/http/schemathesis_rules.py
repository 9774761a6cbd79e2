"""Rules that schemathesis can't read from the contract, as narrow as possible.

schemathesis loads this module. Each failure that is dropped here was checked by hand.
"""

import datetime as dt
import re
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData

# Most days between the years 1 and 9999 are outside any window, which ends yesterday. Drawn from the
# whole range, hardly any request with dates would pass validation.
schemathesis.openapi.format(
    "date",
    st.dates(dt.date(2026, 5, 1), dt.date(2026, 12, 1)).map(str),
)

_WINDOW = re.compile(r"The window is (\S+) to (\S+)\.$")


@schemathesis.hook
def filter_failure(
    _context: schemathesis.HookContext,
    failure: Failure,
    case: schemathesis.Case[Any],
    response: schemathesis.Response,
) -> bool:
    """Drop "valid data rejected" if the request breaks a rule that no schema can express.

    The rules of `/packages/{package}/downloads`: days lie inside the package's window, which moves
    every day; `start` is not after `end`; `mirrors=true` goes with `by=overall` alone.
    """
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 422:
        return True
    errors = response.json()["errors"]
    return not all(_is_justified(error, case.query) for error in errors)


def _is_justified(error: dict[str, Any], query: dict[str, Any]) -> bool:
    """Whether the request really breaks the rule named in the response."""
    match error["parameter"]:
        case "start" | "end" as parameter:
            window = _WINDOW.search(error["detail"])
            start, end = query.get("start"), query.get("end")
            reversed_ = bool(start and end and start > end)
            return reversed_ or (
                window is not None and not window[1] <= query[parameter] <= window[2]
            )
        case "mirrors":
            return query["by"] != "overall" and query["mirrors"] in (True, "true")
        case _:
            return False
