"""A stand-in for pypistats.org, for tests, measurements and machines without a network.

It behaves as `upstream.md` says pypistats.org does, flaws included, with invented numbers; every
answer with data says so in the header `X-Pulse-Source: simulated`. `answers` holds the behaviour,
`data` the numbers, `limits`, `faults` and `delays` what can get in the way, `server` the sockets,
`control` what other processes can read and change while it runs.

Standard library only: it also runs inside a bare Python 3.13 container, into which nothing but the
folder `tools/` is mounted, as `python3.13 -m tools.fake_pypistats`.
"""

from tools.fake_pypistats.fake import FakePypistats
from tools.fake_pypistats.faults import FaultKind
from tools.fake_pypistats.ledger import Request

__all__ = ["FakePypistats", "FaultKind", "Request"]
