"""From a request target to the question it asks: endpoint, package and filters."""

from __future__ import annotations

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
    """What a request asks of the API.

    Attributes:
        endpoint: One of `ENDPOINTS`.
        package: The name, converted as pypistats.org converts it, known or not.
        filters: First value of each query parameter, an empty one included.
    """

    endpoint: str
    package: str
    filters: dict[str, str]


def converted(name: str) -> str:
    """Convert a package name as pypistats.org does: `.` and `_` become `-`, and that is all.

    Letter case and runs of separators stay as they are, so most unnormalised names are unknown.
    """
    return name if name == ALL_OF_PYPI else name.replace(".", "-").replace("_", "-")


def question(target: str) -> Question | None:
    """Read a request target.

    Args:
        target: Path and query as they stand in the request line.

    Returns:
        The question, or None where the API has no such path (a trailing slash is such a path).
    """
    parts = urlsplit(target)
    match = _PATH.fullmatch(unquote(parts.path))
    if match is None or match["endpoint"] not in ENDPOINTS:
        return None
    values = parse_qs(parts.query, keep_blank_values=True)
    filters = {name: given[0] for name, given in values.items()}
    return Question(match["endpoint"], converted(match["package"]), filters)
