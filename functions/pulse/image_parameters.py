"""Query parameters of badges and charts."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from pulse.models import BadgeStyle, By
from pulse.names import PackageName
from pulse.parameters import DateQuery, Mirrors, packages_up_to
from pulse.views import needs_clickhouse

MAX_CHARTED: Final = 10
"""Packages in one chart: no more lines can be told apart."""

COLORS: Final = {
    "blue": "#0073b8",
    "brightgreen": "#44cc11",
    "green": "#97ca00",
    "yellowgreen": "#a4a61d",
    "yellow": "#dfb317",
    "orange": "#fe7d37",
    "red": "#d0402b",
    "lightgrey": "#9f9f9f",
    "grey": "#555555",
    "success": "#44cc11",
    "informational": "#0073b8",
    "important": "#fe7d37",
    "critical": "#d0402b",
    "inactive": "#9f9f9f",
}
"""The colours that shields.io has names for."""

_COLOR: Final = rf"^({'|'.join(COLORS)}|#?([0-9A-Fa-f]{{3}}|[0-9A-Fa-f]{{6}}))$"

BadgePeriod = Literal["day", "week", "month", "total"]
Scale = Literal["linear", "log", "index", "share"]
Theme = Literal["auto", "light", "dark"]


class BadgeQuery(BaseModel):
    """The query of `badge.svg` and `badge.json`."""

    model_config = ConfigDict(extra="forbid")

    period: Annotated[
        BadgePeriod,
        Field(
            description="The downloads to show: of the last 1, 7 or 30 days, or all, which needs "
            "`CLICKHOUSE_URL` or `HISTORY_TABLE`."
        ),
    ] = "month"
    label: Annotated[
        str, Field(max_length=100, description="The text on the left; empty for none.")
    ] = "downloads"
    color: Annotated[
        str,
        Field(
            pattern=_COLOR,
            description="The colour on the right: a name of shields.io, or three or six hexadecimal "
            "digits.",
            examples=["green", "8a2be2"],
        ),
    ] = "blue"
    mirrors: Mirrors = True
    style: Annotated[BadgeStyle, Field(description="The look, as shields.io names it.")] = "flat"


class ChartQuery(DateQuery):
    """What all charts have in common."""

    model_config = ConfigDict(extra="forbid")

    theme: Annotated[
        Theme, Field(description="The colours; `auto` follows the viewer's operating system.")
    ] = "auto"
    width: Annotated[
        int, Field(ge=320, le=1600, description="The width in pixels; the height follows from it.")
    ] = 800


class PackageChartQuery(ChartQuery):
    """The query of `/packages/{package}/chart.svg`."""

    by: Annotated[
        By | None,
        Field(
            description="Splits the downloads. Default: not at all. `version`, `country`, `installer` and "
            "`file_type` need `CLICKHOUSE_URL`."
        ),
    ] = None
    mirrors: Annotated[
        Mirrors | None,
        Field(
            description="Whether to include downloads by mirrors. Default: `true`. `by=overall` always "
            "shows both parts; Python versions and systems never include them."
        ),
    ] = None
    scale: Annotated[
        Scale | None,
        Field(
            description="The vertical axis. `index` sets the first week to 100; `share` needs `by`, and "
            "is its default. Else the default is `linear`."
        ),
    ] = None

    @field_validator("mirrors")
    @classmethod
    def _mirrors_only_where_counted(
        cls,
        mirrors: bool | None,  # noqa: FBT001 - pydantic passes it by position
        info: ValidationInfo,
    ) -> bool | None:
        by = info.data.get("by")
        if mirrors and by and not needs_clickhouse(by):
            raise PydanticCustomError("no_mirrors", f"With by={by}, a chart can't include mirrors.")
        return mirrors

    @field_validator("scale")
    @classmethod
    def _share_only_with_by(cls, scale: Scale | None, info: ValidationInfo) -> Scale | None:
        if scale == "share" and not info.data.get("by"):
            raise PydanticCustomError("no_share", "A share needs 'by', such as by=system.")
        return scale


class ComparisonChartQuery(ChartQuery):
    """The query of `/compare/chart.svg`."""

    packages: Annotated[
        list[PackageName],
        packages_up_to(MAX_CHARTED),
        Field(
            min_length=1,
            max_length=MAX_CHARTED,
            description="The packages to draw: comma-separated or repeated, also as `packages[]`.",
            examples=[["requests", "httpx"]],
        ),
    ]
    mirrors: Mirrors = True
    scale: Annotated[
        Scale,
        Field(
            description="The vertical axis. `index` sets each package's first week to 100; `share` "
            "stacks the packages."
        ),
    ] = "linear"
