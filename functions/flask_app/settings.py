"""Settings of the Flask variant, from environment variables."""

from typing import Annotated, Literal

from pydantic import Field

from pulse.settings import UpstreamSettings

Fanout = Literal["sequential", "threads"]


class FlaskSettings(UpstreamSettings):
    """The settings of every variant, with how the packages of a comparison are fetched.

    `upstream_concurrency` is the number of threads and of pooled connections.
    """

    upstream_concurrency: Annotated[int, Field(ge=1, le=100)] = 10
    flask_fanout: Fanout = "sequential"
