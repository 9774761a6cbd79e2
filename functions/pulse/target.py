"""Request targets: decodes paths and query strings in the same way for every client and framework."""

import re
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

REPEATABLE: Final = "packages"
"""The only query parameter that may be repeated."""

CACHE_BUSTER: Final = "_"
"""jQuery adds a timestamp under this name to bypass caches."""

_LIST: Final = re.compile(rf"{REPEATABLE}(\[[0-9]*\])?", re.ASCII)
"""How clients name a list parameter: axios and jQuery append `[]`; PHP and qs append `[0]`, `[1]`."""

_MAX_INSTANCE: Final = 200
"""How many characters of a path a problem document repeats."""

_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_STAYS_ENCODED: Final = re.compile(r"%(?=2[5Ff]|[01][0-9A-Fa-f]|7[Ff])")
"""The start of an escaped percent sign, slash or control character."""


def route_path(raw_path: str) -> str:
    """Decode a percent-encoded path without changing its segments.

    Encoded slashes are not separators, and routers treat control characters differently, so both stay
    encoded; so does the percent sign, to keep the result unambiguous. Package names contain none of
    these, so such a name is reported as invalid and never matches another route.
    """
    return unquote(_STAYS_ENCODED.sub("%25", _STRAY_PERCENT.sub("%25", raw_path)))


def instance(path: str) -> str:
    """The `instance` of a problem, from a path as `route_path` returns it; long paths are cut."""
    shown = path if len(path) <= _MAX_INSTANCE else f"{path[:_MAX_INSTANCE]}…"
    return quote(_STRAY_PERCENT.sub("%25", shown), safe="/%")


def query_parameters(query_string: str) -> list[tuple[str, str]]:
    """The names and values of a percent-encoded query, in order, with names as our routes use them.

    If a parameter is repeated, its first value counts, as it does upstream.
    """
    parameters: list[tuple[str, str]] = []
    seen: set[str] = set()
    for sent_name, value in parse_qsl(query_string, keep_blank_values=True):
        name = REPEATABLE if _LIST.fullmatch(sent_name) else sent_name
        if name == CACHE_BUSTER or (name in seen and name != REPEATABLE):
            continue
        seen.add(name)
        parameters.append((name, value))
    return parameters
