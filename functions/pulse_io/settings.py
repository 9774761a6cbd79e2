"""What the asynchronous side is told by environment variables."""

from typing import Annotated

from pydantic import Field

from pulse.settings import UpstreamSettings


class Settings(UpstreamSettings):
    """As every variant's, with how many upstream calls may be under way at once."""

    upstream_concurrency: Annotated[int, Field(ge=1, le=100)] = 10
