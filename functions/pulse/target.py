"""Request targets: paths and query strings, read alike whatever client, gateway or framework."""

import re
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

REPEATABLE: Final = "packages"
"""The one query parameter that may be given several times."""

IGNORED: Final = "_"
"""jQuery sends the time under this name, to get past caches."""

_SPELLINGS: Final = {f"{REPEATABLE}[]": REPEATABLE}
"""axios and jQuery add brackets to the name of a list."""

_MAX_INSTANCE: Final = 200
"""Characters of a path that a problem document repeats."""

_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_KEPT: Final = re.compile(r"%(?=2[5Ff]|[01][0-9A-Fa-f]|7[Ff])")
"""Starts an escape of a percent sign, a slash or a control character."""


def route_path(raw_path: str) -> str:
    """Decode a percent-encoded path, so that it has the segments that the client meant.

    An encoded slash is part of its segment and not a separator, and routers disagree on control
    characters. Both stay encoded, and so does the percent sign, to keep the result unambiguous.
    No package name has any of them, so a name with one is invalid instead of another route's.
    """
    return unquote(_KEPT.sub("%25", _STRAY_PERCENT.sub("%25", raw_path)))


def instance(path: str) -> str:
    """The `instance` of a problem at `path`, which is as `route_path` returns it; long ones are cut."""
    shown = path if len(path) <= _MAX_INSTANCE else f"{path[:_MAX_INSTANCE]}…"
    return quote(_STRAY_PERCENT.sub("%25", shown), safe="/%")


def query_parameters(query_string: str) -> list[tuple[str, str]]:
    """The names and values of a percent-encoded query, in order, as our routes name them.

    Of a parameter that is given several times, the first value counts, as it does upstream.
    """
    parameters: list[tuple[str, str]] = []
    seen: set[str] = set()
    for sent_name, value in parse_qsl(query_string, keep_blank_values=True):
        name = _SPELLINGS.get(sent_name, sent_name)
        if name == IGNORED or (name in seen and name != REPEATABLE):
            continue
        seen.add(name)
        parameters.append((name, value))
    return parameters
