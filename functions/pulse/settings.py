"""What both variants are told about upstream and their own address, as environment variables.

It stands on the ground floor because the twin needs it too. It is given the environment and reads
nothing by itself.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter
from pydantic import ValidationError as PydanticValidationError
from pydantic_core import ErrorDetails


class InvalidSettings(ValueError):
    """Environment variables that can't be used; the message has a line for each."""


_http_url = TypeAdapter(HttpUrl)


def _base_url(text: str) -> str:
    _http_url.validate_python(text)
    return text.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_base_url)]
"""An http or https URL, without the slash at its end."""


MAX_BASE_PATH: Final = 100
"""Characters of the path below which the API is served."""

_SEGMENT: Final = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
_BASE_PATH: Final = re.compile(rf"/?({_SEGMENT}(/{_SEGMENT})*)?/?", re.ASCII)


def _base_path(text: str) -> str:
    if len(text) > MAX_BASE_PATH or not _BASE_PATH.fullmatch(text):
        raise ValueError(
            "it is a path such as prod or /stats/v1, of letters, digits, '.', '_', '-'"
        )
    path = text.strip("/")
    return f"/{path}" if path else ""


BasePath = Annotated[str, AfterValidator(_base_path)]
"""A path that starts with a slash and ends without one, or nothing."""


class UpstreamSettings(BaseModel):
    """Where upstream is, how long to wait for it, and below which path to answer. Times are seconds."""

    model_config = ConfigDict(frozen=True, alias_generator=str.upper)

    pypistats_url: BaseUrl = "https://pypistats.org"
    upstream_timeout_s: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] = 5
    deadline_s: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] = 8
    base_path: BasePath = ""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Take what is set of our variables; an empty one counts as unset.

        Raises:
            InvalidSettings: naming every variable that can't be used, and why.
        """
        names = [name.upper() for name in cls.model_fields]
        try:
            return cls.model_validate({name: environ[name] for name in names if environ.get(name)})
        except PydanticValidationError as error:
            lines = [_line(one) for one in error.errors()]
            raise InvalidSettings("\n".join(lines)) from error


def _line(error: ErrorDetails) -> str:
    """What is wrong with one variable, or (where none is named) with several together."""
    if not error["loc"]:
        return error["msg"].removeprefix("Value error, ")
    return f"{error['loc'][0]}={error['input']!r}: {error['msg'].removeprefix('Value error, ')}"
