"""The stand-in upstream from outside of its process: what it is told, and what it saw."""

import time
from typing import Any, Final

import httpx

from tools.fake_pypistats.control import REQUESTS_PATH, SETTINGS_PATH

from .problems import MeasurementError

PATIENCE_S: Final = 10
_LOOK_EVERY_S: Final = 0.002


class UpstreamControl:
    """Tells the stand-in how to behave, and reads its record, while it serves others."""

    def __init__(self, client: httpx.Client) -> None:
        """Take a client whose base URL is the stand-in's."""
        self._client = client

    def behave(self, *, latency_ms: int, limits: bool = False) -> None:
        """From now on, hold back every answer so long, and refuse or don't; nothing is spent yet."""
        settings = {"rule": f"delay={latency_ms}", "limits": "on" if limits else "off"}
        self._client.put(SETTINGS_PATH, params=settings).raise_for_status()

    def forget_calls(self) -> None:
        """Begin the record anew."""
        self._client.delete(REQUESTS_PATH).raise_for_status()

    def record(self) -> dict[str, Any]:
        """What was asked since then; all of it must be answered, or be about to.

        Raises:
            MeasurementError: an answer is still under way after a while.
        """
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            record: dict[str, Any] = self._client.get(REQUESTS_PATH).raise_for_status().json()
            if all(request["duration_ms"] is not None for request in record["requests"]):
                return record
            # It enters how long it took just after its client has the answer.
            time.sleep(_LOOK_EVERY_S)
        raise MeasurementError("the stand-in upstream does not come to an end with its answers")
