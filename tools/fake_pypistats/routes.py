"""Reads request targets: endpoint, package and filters."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from tools.fake_pypistats.packages import ALL_OF_PYPI

#: The endpoints of the API. All but `recent` are series of daily rows.
ENDPOINTS: Final = ("recent", "overall", "python_major", "python_minor", "system")

_PATH: Final = re.compile(r"/api/packages/(?P<package>[^/]+)/(?P<endpoint>[a-z_]+)")


@dataclass(frozen=True, slots=True)
class Question:
    """A request to one of `ENDPOINTS`.

    `package` is converted as pypistats.org does it, known or not. `filters` has the first value of each query
    parameter, also an empty one.
    """

    endpoint: str
    package: str
    filters: dict[str, str]


def converted(name: str) -> str:
    """Convert a package name as pypistats.org does: `.` and `_` become `-`, and that is all.

    Case and runs of separators stay, so most unnormalised names are unknown.
    """
    return name if name == ALL_OF_PYPI else name.replace(".", "-").replace("_", "-")


def question(target: str) -> Question | None:
    """Read path and query; None where the API has no such path, such as one with a trailing slash."""
    parts = urlsplit(target)
    match = _PATH.fullmatch(unquote(parts.path))
    if match is None or match["endpoint"] not in ENDPOINTS:
        return None
    values = parse_qs(parts.query, keep_blank_values=True)
    filters = {name: given[0] for name, given in values.items()}
    return Question(match["endpoint"], converted(match["package"]), filters)
