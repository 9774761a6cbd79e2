"""Settings of the asynchronous (FastAPI) variant, from environment variables."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from pulse.settings import BaseUrl, UpstreamSettings


def _without_credentials(url: str) -> str:
    if "@" in url:
        raise ValueError(
            "CLICKHOUSE_USER and CLICKHOUSE_PASSWORD have the credentials, not the URL"
        )
    return url


TableName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{3,255}$")]


class Settings(UpstreamSettings):
    """The settings of every variant, with the upstream rate limit, the cache and history.

    The tables' endpoint and region come from AWS's own variables, read as AWS's SDKs do.
    """

    background: ClassVar[bool] = False
    """Whether lookups give way to people's requests: no stale answers, reservations or priority."""
    image_deadline_s: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] = 2
    upstream_per_second: Annotated[int, Field(ge=0, le=1000)] = 5
    upstream_per_minute: Annotated[int, Field(ge=0, le=10000)] = 30
    upstream_concurrency: Annotated[int, Field(ge=1, le=100)] = 10
    cache: Literal["on", "off"] = "on"
    cache_table: TableName | None = None
    history_table: TableName | None = None
    clickhouse_url: Annotated[BaseUrl, AfterValidator(_without_credentials)] | None = None
    clickhouse_user: Annotated[str, Field(pattern=r"^[^:\x00-\x1f]{1,255}$")] = "demo"
    clickhouse_password: SecretStr = SecretStr("")
    clickhouse_database: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,255}$")] = "pypi"
    clickhouse_per_hour: Annotated[int, Field(ge=0, le=100_000)] = 40
    aws_endpoint_url_dynamodb: BaseUrl | None = None
    aws_endpoint_url: BaseUrl | None = None
    aws_ignore_configured_endpoint_urls: bool = False
    aws_region: str | None = None
    aws_default_region: str | None = None

    @model_validator(mode="after")
    def _clickhouses_proxy_can_be_used(self) -> Self:
        if self.clickhouse_url:
            self.network.proxy_for(self.clickhouse_url)
        return self

    @model_validator(mode="after")
    def _tables_can_be_reached(self) -> Self:
        if (self.cache_table or self.history_table) and not self.region:
            name = "CACHE_TABLE" if self.cache_table else "HISTORY_TABLE"
            raise ValueError(f"{name} is set, so AWS_REGION must be set too")
        if self.cache_table or self.history_table:
            self.network.proxy_for(self.table_url)
        return self

    @property
    def region(self) -> str:
        """The AWS region of the tables, such as `eu-central-1`; empty if not set."""
        return self.aws_region or self.aws_default_region or ""

    @property
    def table_endpoint(self) -> str | None:
        """The configured URL of DynamoDB; None for AWS's own endpoint."""
        if self.aws_ignore_configured_endpoint_urls:
            return None
        return self.aws_endpoint_url_dynamodb or self.aws_endpoint_url

    @property
    def table_url(self) -> str:
        """The URL of DynamoDB: `table_endpoint`, or AWS's own endpoint in the region."""
        return self.table_endpoint or f"https://dynamodb.{self.region}.amazonaws.com"
