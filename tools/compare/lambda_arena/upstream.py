"""The stand-in upstream in a container, and the slowest call of what it saw."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from tools.compare.problems import MeasurementError
from tools.compare.upstream_control import UpstreamControl


class Upstream(UpstreamControl):
    """As everywhere, and what it saw is checked."""

    def slowest_call_ms(self, packages: Sequence[str]) -> float:
        """The slowest call since the record began: what no variant can be faster than.

        Raises:
            MeasurementError: there was not exactly one call for each of `packages`: something was
                cached, or asked for twice.
        """
        requests = self.record()["requests"]
        asked = [urlsplit(request["path"]).path.split("/")[3] for request in requests]
        if sorted(asked) != sorted(packages):
            raise MeasurementError(f"of {len(packages)} packages, upstream was asked for {asked}")
        return float(max(request["duration_ms"] for request in requests))
