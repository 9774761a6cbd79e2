"""What the twin is told by environment variables."""

from typing import Literal

from pulse.settings import UpstreamSettings

Fanout = Literal["sequential", "threads"]


class FlaskSettings(UpstreamSettings):
    """As every variant's, with how the packages of a comparison are fetched."""

    flask_fanout: Fanout = "sequential"
