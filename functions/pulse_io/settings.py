"""What the asynchronous side is told by environment variables."""

from typing import Annotated, Literal

from pydantic import Field

from pulse.settings import UpstreamSettings


class Settings(UpstreamSettings):
    """As every variant's, with how much may be asked of upstream, and whether answers are kept."""

    upstream_per_second: Annotated[int, Field(ge=0, le=1000)] = 5
    upstream_per_minute: Annotated[int, Field(ge=0, le=10000)] = 30
    upstream_concurrency: Annotated[int, Field(ge=1, le=100)] = 10
    cache: Literal["on", "off"] = "on"
