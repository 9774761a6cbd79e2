"""Puts one load on one server, and looks at it from all sides meanwhile."""

import time
from functools import partial
from typing import Final

from tools.compare.own_process import OwnProcess
from tools.compare.problems import MeasurementError
from tools.compare.right_answers import PACKAGE, right_health, right_stats
from tools.compare.samples import Variant
from tools.compare.upstream_process import UpstreamProcess

from .load import Load, put, without_time
from .observed import Observed
from .schedule import Turn
from .servers import HEALTH_PATH, Server
from .usage import Usage

_MS_PER_S: Final = 1000


class AnsweredWithoutUpstream(MeasurementError):
    """A server gave more answers than it asked upstream for: a cache is on, and nothing counts."""


class Bench:
    """The servers, what they ask, and the clients that ask them."""

    def __init__(
        self,
        upstream: UpstreamProcess,
        clients: OwnProcess,
        servers: dict[Variant, Server],
        latency_ms: int,
    ) -> None:
        self.latency_ms = latency_ms
        self._upstream = upstream
        self._upstream_usage = Usage(upstream.pid)
        self._clients = clients
        self._servers = servers
        self._usages = {variant: Usage(server.pid) for variant, server in servers.items()}
        self._right_stats = without_time(right_stats(upstream).model_dump_json().encode())
        self._peaks: dict[Variant, int] = dict.fromkeys(servers, 0)
        upstream.behave(latency_ms=latency_ms)

    def peak_bytes(self, variant: Variant) -> int:
        """The most memory that a server was seen to have while it was under load."""
        return self._peaks[variant]

    def observe(self, turn: Turn) -> Observed:
        """Put the load on, and wait until it is over.

        Raises:
            JobFailed: the clients broke down.
            AnsweredWithoutUpstream: see there.
        """
        usage, upstream_usage = self._usages[turn.variant], self._upstream_usage

        def look_at_memory() -> None:
            self._peaks[turn.variant] = max(self._peaks[turn.variant], usage.rss_bytes())

        self._upstream.forget_calls()
        began, server_began, upstream_began = (
            time.perf_counter(),
            usage.cpu_s(),
            upstream_usage.cpu_s(),
        )
        outcome = self._clients.do(partial(put, self._load(turn)), look_at_memory)
        took_s = time.perf_counter() - began
        observed = Observed(
            outcome,
            self._upstream.calls(),
            server_cpu=(usage.cpu_s() - server_began) / took_s,
            upstream_cpu=(upstream_usage.cpu_s() - upstream_began) / took_s,
        )
        look_at_memory()
        if turn.asked == "one package" and len(observed.calls.durations_ms) < outcome.answers:
            raise AnsweredWithoutUpstream(
                f"{turn.variant} gave {outcome.answers} answers and asked upstream "
                f"{len(observed.calls.durations_ms)} times"
            )
        return observed

    def _load(self, turn: Turn) -> Load:
        url = self._servers[turn.variant].url
        if turn.asked == "no upstream":
            right = right_health(turn.variant).model_dump_json().encode()
            return Load(url + HEALTH_PATH, right, turn.clients, turn.lasting_s)
        return Load(
            f"{url}/packages/{PACKAGE}",
            self._right_stats,
            turn.clients,
            turn.lasting_s,
            arriving_over_s=self.latency_ms / _MS_PER_S,
        )
