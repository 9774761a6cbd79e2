"""What the twin is told by environment variables."""

from typing import Annotated, Literal

from pydantic import Field

from pulse.settings import UpstreamSettings

Fanout = Literal["sequential", "threads"]


class FlaskSettings(UpstreamSettings):
    """As every variant's, with how the packages of a comparison are fetched.

    `upstream_concurrency` is how many threads fetch them, and how many connections are kept.
    """

    upstream_concurrency: Annotated[int, Field(ge=1, le=100)] = 10
    flask_fanout: Fanout = "sequential"
