"""Reserves calls in a window, and moves reservations when upstream refuses calls.

A reservation keeps a place in the minute, from its moment on, for `RESERVATION_MS`. It is for a name (a
package), not for a client. One client can cause only a few, so one that asks for many names leaves room for
others. All times are whole milliseconds since 1970.
"""

import math
from dataclasses import replace
from typing import Final

from pulse_io.sources.spans import first_free
from pulse_io.sources.window import (
    MARGIN_MS,
    MINUTE_MARGIN_MS,
    MINUTE_MS,
    RESERVATION_MS,
    SECOND_MS,
    Refusal,
    Reservation,
    Window,
)

MIN_RETRY_MS: Final = 5_000
"""The earliest reservation from now; by then a fetch in progress may have brought the answer."""

MAX_RESERVATIONS: Final = 90
"""About three minutes' calls. With more, the item in the table would be expensive to write."""

MAX_CLIENT_RESERVATIONS: Final = 10
"""For one client: a third of a minute's calls."""


def reserve(window: Window, name: str, earliest: int = 0, client: str = "") -> tuple[Window, int]:
    """Reserve a call, unless a reservation is still to come. Returns the moment for `Retry-After`.

    Nothing is reserved if there are too many reservations, of all clients or of this one. The moment is then
    an estimate of the next free place.
    """
    reserved = window.reservations.get(name, Reservation(0)).moment
    if reserved > window.now and earliest <= reserved + RESERVATION_MS // 2:
        return window, max(reserved, earliest, window.closed_until)
    others = [one for other, one in window.reservations.items() if other != name]
    if len(others) >= MAX_RESERVATIONS:
        return window, max(other.moment for other in others) + RESERVATION_MS
    moment = _first_place(window, name, max(window.now + MIN_RETRY_MS, earliest))
    if client and sum(one.client == client for one in others) >= MAX_CLIENT_RESERVATIONS:
        return window, moment
    return _with_reservation(window, name, Reservation(moment, client)), moment


def close(window: Window, until: int) -> Window:
    """Grant no call before `until`. Earlier reservations are moved, in their order."""
    if until <= window.closed_until:
        return window
    closed = replace(window, closed_until=until, reservations={})
    for name, (moment, client) in sorted(window.reservations.items(), key=lambda item: item[1]):
        moved = Reservation(_first_place(closed, name, moment), client)
        closed = _with_reservation(closed, name, moved)
    return closed


def refuse(window: Window, until: int, environment: str) -> Window:
    """Record that upstream refused this environment; if it refused another one too, close the window.

    Upstream counts by address. Environments have several addresses, shared with strangers.
    """
    refusals = {**window.refusals, environment: Refusal(window.now, until)}
    refused = replace(window, refusals=refusals)
    if len(refusals) == 1:
        return refused
    return close(refused, max(one.until for one in refusals.values()))


def _first_place(window: Window, name: str, start: int) -> int:
    """The first place in the minute from `start` on, with a gap to other reservations."""
    reserved = window.reserved_spans(name)
    taken = window.call_spans(MINUTE_MARGIN_MS) + reserved
    gap_ms = math.ceil((MARGIN_MS + SECOND_MS) / window.per_second) if window.per_second else 0
    moment = max(start, window.closed_until)
    while True:
        later = moment
        for other in sorted(reserved):
            if abs(later - other.first) < gap_ms:
                later = other.first + gap_ms
        duration_ms = RESERVATION_MS + MINUTE_MARGIN_MS
        later = first_free(later, duration_ms, taken, MINUTE_MS, window.per_minute)
        if later == moment:
            return moment
        moment = later


def _with_reservation(window: Window, name: str, reservation: Reservation) -> Window:
    return replace(window, reservations={**window.reservations, name: reservation})
