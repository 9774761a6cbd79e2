"""The stand-in upstream from outside of its container: what it is told, and what it saw."""

import time
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import httpx

from workbench.upstream.control import RECORD_PATH, SETTINGS_PATH

from .problems import MeasurementError

PATIENCE_S: Final = 5.0
"""It enters how long a call took just after the caller has the answer."""

_POLL_S: Final = 0.002


class Upstream:
    """Tells the stand-in how to behave, and reads its record."""

    def __init__(self, client: httpx.Client) -> None:
        """Take a client whose base URL is the stand-in's."""
        self._client = client

    def behave(self, *, latency_ms: int, limits: bool = False) -> None:
        """From now on, hold back every answer so long, and refuse or don't; nothing is spent yet."""
        settings = {"latency_ms": latency_ms, "limits": "on" if limits else "off"}
        self._client.put(SETTINGS_PATH, params=settings).raise_for_status()

    def forget(self) -> None:
        """Begin the record anew."""
        self._client.delete(RECORD_PATH).raise_for_status()

    def slowest_call_ms(self, packages: Sequence[str]) -> float:
        """The slowest call since `forget`: what no variant can be faster than.

        Raises:
            MeasurementError: there was not exactly one call for each of `packages`: something was
                cached, or asked for twice.
        """
        deadline = time.monotonic() + PATIENCE_S
        while True:
            requests = self._client.get(RECORD_PATH).raise_for_status().json()["requests"]
            durations = [request["duration_ms"] for request in requests]
            if None not in durations or time.monotonic() > deadline:
                break
            time.sleep(_POLL_S)
        asked = [urlsplit(request["path"]).path.split("/")[3] for request in requests]
        if sorted(asked) != sorted(packages) or None in durations:
            raise MeasurementError(f"of {len(packages)} packages, upstream was asked for {asked}")
        return float(max(durations))
