"""Path and query parameters, and the error messages for invalid ones.

FastAPI validates the path and query models itself. `read` does the same for any other framework: it
validates a `…Request` model, whose error locations start with "path" or "query", as FastAPI's do.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeVar, cast, get_origin
from urllib.parse import urlencode

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from pulse.models import By, Period, TopPeriod
from pulse.names import PackageName
from pulse.negotiation import prefers_csv
from pulse.problems import InputError, InvalidInput
from pulse.target import query_parameters
from pulse.views import DEFAULT_LIMIT, MAX_NAMED, MAX_TOP, RANKED, WITHOUT_MIRRORS

MAX_COMPARED: Final = 50
"""Packages in one comparison."""

_MAX_ECHO: Final = 40
"""How many characters of the caller's input an error repeats."""

Request = TypeVar("Request", bound=BaseModel)


def _true_or_false(value: object) -> object:
    if value not in ("true", "false"):
        raise PydanticCustomError("true_or_false", "It must be 'true' or 'false'.")
    return value == "true"


def packages_up_to(limit: int) -> BeforeValidator:
    """Splits `a,b&packages=c` into at most `limit` names; empty ones are dropped."""

    def split_at_commas(value: object) -> object:
        if not isinstance(value, list):
            return value
        names = [name.strip() for text in value for name in str(text).split(",") if name.strip()]
        if not names:
            raise PydanticCustomError("no_packages", "Name at least one package: packages=a,b,c.")
        if len(names) > limit:
            raise PydanticCustomError(
                "too_many_packages",
                "At most {limit} packages can be compared at once; {count} were given.",
                {"limit": limit, "count": len(names)},
            )
        return names

    return BeforeValidator(split_at_commas)


Mirrors = Annotated[
    bool,
    BeforeValidator(_true_or_false),
    Field(description="Whether to include downloads by mirrors."),
]

Version = Annotated[
    str, Field(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9.!+_-]*$", examples=["2.32.5"])
]
"""The version of a package. Legacy ones are looser than PEP 440, which is not checked."""

IsoDate = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
"""A date as sent; `pulse.series.read_dates` parses and checks it."""


class PackagePath(BaseModel):
    """The path parameters of a route about one package."""

    package: PackageName


class StatsQuery(BaseModel):
    """The query of `/packages/{package}`."""

    model_config = ConfigDict(extra="forbid")

    mirrors: Mirrors = True


class TotalQuery(StatsQuery):
    """The query of `/packages/{package}/total`."""

    by: Annotated[
        Literal["version"] | None,
        Field(description="Adds the totals of the versions. Needs `CLICKHOUSE_URL`."),
    ] = None
    limit: Annotated[
        int,
        Field(
            ge=1,
            le=MAX_NAMED,
            description="With `by=version`: how many versions to name; the others are summed up as "
            "`other`.",
        ),
    ] = DEFAULT_LIMIT


class TopQuery(BaseModel):
    """The query of `/top`."""

    model_config = ConfigDict(extra="forbid")

    period: Annotated[TopPeriod, Field(description="The last whole month, or all days.")] = "month"
    limit: Annotated[int, Field(ge=1, le=MAX_TOP, description="How many packages to list.")] = 100


class DateQuery(BaseModel):
    """A period and a range of days, of any route about downloads over time."""

    period: Annotated[Period, Field(description="The period to sum downloads over.")] = "day"
    start: Annotated[
        IsoDate | None,
        Field(
            description="The first day. Default: the first day with a row within pypistats.org's window. "
            "Earlier days need `HISTORY_TABLE` or `CLICKHOUSE_URL`."
        ),
    ] = None
    end: Annotated[
        IsoDate | None,
        Field(
            description="The last day, not before `start`. Default: `as_of`. Days that the source does "
            "not have are cut off."
        ),
    ] = None


class SeriesQuery(DateQuery):
    """The query of a route that answers with JSON or CSV."""

    model_config = ConfigDict(extra="forbid")

    format: Annotated[
        Literal["json", "csv"] | None,
        Field(description="The response format. Default: negotiated by the `Accept` header."),
    ] = None

    def wants_csv(self, accept: str) -> bool:
        """Whether to respond with CSV: `format` decides, or else the `Accept` header."""
        return self.format == "csv" if self.format else prefers_csv(accept)


class DownloadsQuery(SeriesQuery):
    """The query of `/packages/{package}/downloads`."""

    by: Annotated[
        By,
        Field(
            description="The dimension to split downloads by. `version`, `country`, `installer` and "
            "`file_type` need `CLICKHOUSE_URL`."
        ),
    ] = "overall"
    mirrors: Annotated[
        Mirrors | None,
        Field(
            description="Whether to include downloads by mirrors. With `by=overall`, it selects one of "
            "the two categories; default: both. Python versions and systems never include mirrors and "
            "accept only `false`. With other breakdowns, the default is `true`."
        ),
    ] = None
    version: Annotated[
        Version | None,
        Field(
            description="Count only the downloads of this version, spelled as on PyPI. Needs "
            "`CLICKHOUSE_URL`. Default: all versions."
        ),
    ] = None
    limit: Annotated[
        int | None,
        Field(
            ge=1,
            le=MAX_NAMED,
            description="How many versions, countries or installers to name; the others are summed up "
            f"as `other`. Default: {DEFAULT_LIMIT}.",
        ),
    ] = None

    @field_validator("mirrors")
    @classmethod
    def _mirrors_only_where_counted(
        cls,
        mirrors: bool | None,  # noqa: FBT001 - pydantic passes it by position
        info: ValidationInfo,
    ) -> bool | None:
        if mirrors and info.data.get("by", "overall") in WITHOUT_MIRRORS:
            raise PydanticCustomError(
                "no_mirrors", "Python versions and systems never include downloads by mirrors."
            )
        return mirrors

    @field_validator("limit")
    @classmethod
    def _limit_only_if_ranked(cls, limit: int | None, info: ValidationInfo) -> int | None:
        if limit is not None and info.data.get("by", "version") not in RANKED:
            raise PydanticCustomError(
                "no_limit", "It is for by=version, by=country and by=installer alone."
            )
        return limit


ComparedPackages = Annotated[
    list[PackageName],
    packages_up_to(MAX_COMPARED),
    Field(
        min_length=1,
        max_length=MAX_COMPARED,
        description="The packages to compare: comma-separated or repeated, also as `packages[]`.",
        examples=[["requests", "httpx"]],
    ),
]


class CompareQuery(BaseModel):
    """The query of `/compare`."""

    model_config = ConfigDict(extra="forbid")

    packages: ComparedPackages
    mirrors: Mirrors = True


class CompareDownloadsQuery(SeriesQuery):
    """The query of `/compare/downloads`."""

    packages: ComparedPackages
    mirrors: Mirrors = True


class NoQuery(BaseModel):
    """The query of a route without query parameters."""

    model_config = ConfigDict(extra="forbid")


class StatsRequest(BaseModel):
    """The parameters of `/packages/{package}`."""

    path: PackagePath
    query: StatsQuery


class DownloadsRequest(BaseModel):
    """The parameters of `/packages/{package}/downloads`."""

    path: PackagePath
    query: DownloadsQuery


class CompareRequest(BaseModel):
    """The parameters of `/compare`."""

    query: CompareQuery


class TopRequest(BaseModel):
    """The parameters of `/top`."""

    query: TopQuery


class HealthRequest(BaseModel):
    """The parameters of `/health`."""

    query: NoQuery


def read(request: type[Request], path: Mapping[str, str], query_string: str) -> Request:
    """Validate the path values and the percent-encoded query of a request.

    Raises:
        InvalidInput: with an entry for each invalid parameter.
    """
    query_model = cast("type[BaseModel]", request.model_fields["query"].annotation)
    given: dict[str, list[str]] = {}
    for name, value in query_parameters(query_string):
        given.setdefault(name, []).append(value)
    query = {
        name: values if _is_list(query_model, name) else values[0] for name, values in given.items()
    }
    try:
        return request.model_validate({"path": path, "query": query})
    except ValidationError as error:
        raise invalid_input(error.errors()) from error


def query_string(query: BaseModel, **changed: str) -> str:
    """The percent-encoded query string of `query`, with some values changed; defaults are left out."""
    values = query.model_dump(mode="json", exclude_unset=True) | changed
    texts = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in values.items()
    }
    return urlencode(texts, doseq=True)


def _is_list(model: type[BaseModel], name: str) -> bool:
    field = model.model_fields.get(name)
    return field is not None and get_origin(field.annotation) is list


def invalid_input(errors: Sequence[Mapping[str, Any]]) -> InvalidInput:
    """Turn pydantic's errors into ours; each `loc` must start with "path" or "query"."""
    return InvalidInput([_input_error(error) for error in errors])


def _input_error(error: Mapping[str, Any]) -> InputError:
    location, parameter = error["loc"][:2]
    match error["type"]:
        case "missing":
            detail = "It is required."
        case "extra_forbidden":
            detail = "This route has no such parameter."
        case "value_error":
            detail = f"{_echo(error['input'])} is invalid. {error['ctx']['error']}"
        case _:
            detail = error["msg"]
    return InputError(location=location, parameter=_cut(parameter), detail=detail)


def _echo(text: str) -> str:
    """The caller's text, quoted, escaped and cut to `_MAX_ECHO` characters."""
    return f"'{_cut(repr(text[: _MAX_ECHO + 1])[1:-1])}'"


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_ECHO else f"{text[:_MAX_ECHO]}…"
