"""A fake pypistats.org, for tests, measurements and machines without a network.

It behaves as pypistats.org does, flaws included, with invented numbers; every answer with data has the header
`X-Pulse-Source: simulated`. `answers` holds the behaviour, `data` the numbers, `limits` and `rules` what can get in
the way, `server` the sockets, `control` what other processes can read and change while it runs.

Standard library only: it also runs in a bare Python container into which only `tools/` is mounted.
"""

from tools.fake_pypistats.fake import FakePypistats
from tools.fake_pypistats.request_log import Request

__all__ = ["FakePypistats", "Request"]
