"""What callers may put into a path or a query, and what they are told when it can't be used.

FastAPI reads the path and query models by itself. `read` gives any other framework the same: it
checks one of the `…Request` models, whose errors then start with "path" or "query" as FastAPI's do.
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

from pulse.models import By, Period
from pulse.names import PackageName
from pulse.negotiation import prefers_csv
from pulse.problems import InputError, InvalidInput
from pulse.target import query_parameters

MAX_COMPARED: Final = 50
"""Packages in one comparison."""

_MAX_ECHO: Final = 40
"""Characters of what the caller sent that an error repeats."""

Request = TypeVar("Request", bound=BaseModel)


def _true_or_false(value: object) -> object:
    if value not in ("true", "false"):
        raise PydanticCustomError("true_or_false", "It is 'true' or 'false'.")
    return value == "true"


def _split_at_commas(value: object) -> object:
    """Names from `a,b&packages=c`; empty ones, as of a comma at the end, are dropped."""
    if not isinstance(value, list):
        return value
    names = [name.strip() for text in value for name in str(text).split(",") if name.strip()]
    if not names:
        raise PydanticCustomError("no_packages", "Name at least one package: packages=a,b,c.")
    if len(names) > MAX_COMPARED:
        raise PydanticCustomError(
            "too_many_packages",
            "At most {limit} packages can be compared at once; these are {count}.",
            {"limit": MAX_COMPARED, "count": len(names)},
        )
    return names


Mirrors = Annotated[
    bool,
    BeforeValidator(_true_or_false),
    Field(description="Whether to count downloads by mirrors."),
]

IsoDate = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
"""A date as it was sent: `pulse.series.read_dates` checks both together."""


class PackagePath(BaseModel):
    """The path of every route about one package."""

    package: PackageName


class StatsQuery(BaseModel):
    """The query of `/packages/{package}`."""

    model_config = ConfigDict(extra="forbid")

    mirrors: Mirrors = True


class DownloadsQuery(BaseModel):
    """The query of `/packages/{package}/downloads`."""

    model_config = ConfigDict(extra="forbid")

    by: Annotated[By, Field(description="What to break the downloads down by.")] = "overall"
    period: Annotated[Period, Field(description="What to sum the downloads over.")] = "day"
    start: Annotated[
        IsoDate | None,
        Field(description="The first day; else the first with a row."),
    ] = None
    end: Annotated[
        IsoDate | None,
        Field(
            description="The last day, not before `start`; else `as_of`. Days that are not kept are "
            "cut off."
        ),
    ] = None
    mirrors: Annotated[
        Mirrors | None,
        Field(
            description="With `by=overall`, one of its two categories; else both. Other "
            "breakdowns count no mirrors and take `false` alone."
        ),
    ] = None
    format: Annotated[
        Literal["json", "csv"] | None, Field(description="Else the `Accept` header decides.")
    ] = None

    def wants_csv(self, accept: str) -> bool:
        """Whether to answer CSV, by `format` or else by the `Accept` header."""
        return self.format == "csv" if self.format else prefers_csv(accept)

    @field_validator("mirrors")
    @classmethod
    def _mirrors_count_in_overall_alone(
        cls,
        mirrors: bool | None,  # noqa: FBT001 - pydantic passes it by position
        info: ValidationInfo,
    ) -> bool | None:
        if mirrors and info.data.get("by", "overall") != "overall":
            raise PydanticCustomError(
                "no_mirrors", "Downloads by mirrors are counted with by=overall alone."
            )
        return mirrors


class CompareQuery(BaseModel):
    """The query of `/compare`."""

    model_config = ConfigDict(extra="forbid")

    packages: Annotated[
        list[PackageName],
        BeforeValidator(_split_at_commas),
        Field(
            min_length=1,
            max_length=MAX_COMPARED,
            description="The packages to compare, separated by commas or given repeatedly, also "
            "as `packages[]`.",
            examples=[["requests", "httpx"]],
        ),
    ]
    mirrors: Mirrors = True


class NoQuery(BaseModel):
    """The query of a route that takes none."""

    model_config = ConfigDict(extra="forbid")


class StatsRequest(BaseModel):
    """What can be asked at `/packages/{package}`."""

    path: PackagePath
    query: StatsQuery


class DownloadsRequest(BaseModel):
    """What can be asked at `/packages/{package}/downloads`."""

    path: PackagePath
    query: DownloadsQuery


class CompareRequest(BaseModel):
    """What can be asked at `/compare`."""

    query: CompareQuery


class HealthRequest(BaseModel):
    """What can be asked at `/health`."""

    query: NoQuery


def read(request: type[Request], path: Mapping[str, str], query_string: str) -> Request:
    """Check a whole request: the values in its path, and its query still percent-encoded.

    Raises:
        InvalidInput: with an entry for each parameter that can't be used.
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
    """The query that asks for what `query` was read as, with some values changed, percent-encoded."""
    said = query.model_dump(mode="json", exclude_unset=True) | changed
    words = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in said.items()
    }
    return urlencode(words, doseq=True)


def _is_list(model: type[BaseModel], name: str) -> bool:
    field = model.model_fields.get(name)
    return field is not None and get_origin(field.annotation) is list


def invalid_input(errors: Sequence[Mapping[str, Any]]) -> InvalidInput:
    """Say in our words what pydantic found wrong; each `loc` starts with "path" or "query"."""
    return InvalidInput([_input_error(error) for error in errors])


def _input_error(error: Mapping[str, Any]) -> InputError:
    location, parameter = error["loc"][:2]
    match error["type"]:
        case "missing":
            detail = "It is required."
        case "extra_forbidden":
            detail = "There is no such parameter here."
        case "value_error":
            detail = f"{_echo(error['input'])} can't be used. {error['ctx']['error']}"
        case _:
            detail = error["msg"]
    return InputError(location=location, parameter=_cut(parameter), detail=detail)


def _echo(text: str) -> str:
    """What the caller sent, in quotes; an escape of what can't be printed may be cut."""
    return f"'{_cut(repr(text[: _MAX_ECHO + 1])[1:-1])}'"


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_ECHO else f"{text[:_MAX_ECHO]}…"
