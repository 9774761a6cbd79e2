"""What pypistats.org answers to a question, its flaws included, as a pure function.

Read off pypistats.org's own source. Its other pages (`/`, `/api/`, …) are a 404 here.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from tools.fake_pypistats import data
from tools.fake_pypistats.packages import DOWNLOADS_PER_DAY
from tools.fake_pypistats.routes import Question
from tools.fake_pypistats.window import newest_day

#: On every answer with data, so that nobody takes invented numbers for real ones.
SIMULATED: Final = ("X-Pulse-Source", "simulated")

HTML: Final = "text/html; charset=utf-8"
JSON: Final = "application/json"

#: Methods that an endpoint accepts, as every Flask route for GET does.
ALLOWED: Final = ("GET", "HEAD", "OPTIONS")
_MIRRORS: Final = {"true": "with_mirrors", "false": "without_mirrors"}
_FILTER: Final = {"python_major": "version", "python_minor": "version", "system": "os"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: `status`, `headers` (without those about the connection), `body`."""

    status: HTTPStatus
    headers: tuple[tuple[str, str], ...]
    body: bytes


def html(status: HTTPStatus, body: str, *headers: tuple[str, str]) -> Answer:
    """A little HTML: what pypistats.org answers when it has no data to give."""
    return Answer(status, (("Content-Type", HTML), *headers), body.encode())


def error(status: HTTPStatus) -> Answer:
    """An error; 429 has no `Retry-After`, so a client has to know the limits itself."""
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        return html(status, '<a href="/api/#etiquette">429 RATE LIMIT EXCEEDED</a>')
    return html(status, str(status.value))


_NOT_FOUND: Final = error(HTTPStatus.NOT_FOUND)
_ALLOW: Final = ("Allow", ", ".join(ALLOWED))
_OPTIONS: Final = html(HTTPStatus.OK, "", _ALLOW)
_METHOD_NOT_ALLOWED: Final = html(
    HTTPStatus.METHOD_NOT_ALLOWED, "<!doctype html>\n<h1>Method Not Allowed</h1>\n", _ALLOW
)


def answer(method: str, question: Question | None, now: datetime) -> Answer:
    """Answer a request from the data alone.

    Args:
        method: The HTTP method. `HEAD` gets the body too; the server leaves it off.
        question: None for a path that the API does not have.
        now: A moment with a time zone; decides which days are loaded.

    Returns:
        200 with JSON and `SIMULATED`, or 404 or 405 with HTML.
    """
    if question is None:
        return _NOT_FOUND
    if method not in ALLOWED:
        return _METHOD_NOT_ALLOWED
    if method == "OPTIONS":
        return _OPTIONS
    newest = newest_day(now)
    if question.endpoint == "recent":
        return _recent(question, newest)
    if question.endpoint == "overall":
        category = _MIRRORS.get(question.filters.get("mirrors", ""))
    else:
        category = question.filters.get(_FILTER[question.endpoint])
        # The flaw: every value is capitalised, so the lower-case `other` and `null` find nothing.
        category = None if category is None else category.title()
    return _series(question.package, question.endpoint, category, newest)


def half_loaded(complete: Answer) -> Answer:
    """The answer while the newest day is being loaded: the last of its categories is missing.

    An answer without rows stays as it is.
    """
    content = json.loads(complete.body) if complete.status is HTTPStatus.OK else {"data": []}
    rows = content["data"]
    if not rows or not isinstance(rows, list):
        return complete
    newest = max(row["date"] for row in rows)
    last = max((row for row in rows if row["date"] == newest), key=lambda row: row["category"])
    rows.remove(last)
    return _json(content["package"], content["type"].removesuffix("_downloads"), rows)


def _recent(question: Question, newest: date) -> Answer:
    asked = question.filters.get("period")
    if question.package not in DOWNLOADS_PER_DAY or asked not in {None, *data.RECENT_DAYS}:
        return _NOT_FOUND
    found = data.recent(question.package, newest)
    periods = data.RECENT_DAYS if asked is None else (asked,)
    if found.keys().isdisjoint(periods):
        return _NOT_FOUND
    sums = {f"last_{period}": found.get(period, 0) for period in periods}
    return _json(question.package, "recent", sums)


@lru_cache(maxsize=512)  # a busy comparison asks for the same few bodies all day
def _series(package: str, endpoint: str, category: str | None, newest: date) -> Answer:
    known = package in DOWNLOADS_PER_DAY
    rows = [
        row._asdict()
        for row in (data.rows(package, endpoint, newest) if known else ())
        if category in {None, row.category}
    ]
    if endpoint == "overall" and not rows:
        return _NOT_FOUND
    return _json(package, endpoint, rows)


def _json(package: str, endpoint: str, found: object) -> Answer:
    content = {"data": found, "package": package, "type": f"{endpoint}_downloads"}
    body = json.dumps(content, sort_keys=True, separators=(",", ":")) + "\n"
    return Answer(HTTPStatus.OK, (("Content-Type", JSON), SIMULATED), body.encode())
