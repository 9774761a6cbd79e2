"""Settings of both variants, read from environment variables: upstream, timeouts, base path, network.

The caller passes the environment in; this module reads nothing itself.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    InstanceOf,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from pulse.network import HTTP_URL, InvalidSettings, Network

__all__ = ["BaseUrl", "InvalidSettings", "UpstreamSettings"]


def _base_url(text: str) -> str:
    url = text.strip()
    HTTP_URL.validate_python(url)
    if "?" in url or "#" in url:
        raise ValueError("A base URL has neither a query nor a fragment")
    return url.rstrip("/")


def _pypistats_url(text: str) -> str:
    return _base_url(_base_url(text).removesuffix("/api"))


BaseUrl = Annotated[str, AfterValidator(_base_url)]
"""An http or https URL without a trailing slash."""


_CREDENTIALS: Final = re.compile("//.*@")
"""Of a URL; a message hides them."""

MAX_BASE_PATH: Final = 100
"""Characters in the base path, below which the API is served."""

_SEGMENT: Final = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
_BASE_PATH: Final = re.compile(rf"/?({_SEGMENT}(/{_SEGMENT})*)?/?", re.ASCII)


def _base_path(text: str) -> str:
    if len(text) > MAX_BASE_PATH or not _BASE_PATH.fullmatch(text):
        raise ValueError(
            "it must be a path such as prod or /stats/v1, of letters, digits, '.', '_', '-'"
        )
    path = text.strip("/")
    return f"/{path}" if path else ""


BasePath = Annotated[str, AfterValidator(_base_path)]
"""Empty, or a path with a leading and no trailing slash."""


class UpstreamSettings(BaseModel):
    """Upstream's URL, the timeouts (in seconds), the base path and the network."""

    model_config = ConfigDict(frozen=True, alias_generator=str.upper)

    pypistats_url: Annotated[str, AfterValidator(_pypistats_url)] = "https://pypistats.org"
    """The base URL without a trailing `/api` or slash: request paths begin with `/api`."""
    upstream_timeout_s: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] = 5
    deadline_s: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] = 8
    base_path: BasePath = ""
    network: InstanceOf[Network] = Field(default_factory=Network, exclude=True)

    @model_validator(mode="after")
    def _upstreams_proxy_can_be_used(self) -> Self:
        self.network.proxy_for(self.pypistats_url)
        return self

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings; an empty variable counts as unset.

        Raises:
            InvalidSettings: names every invalid variable, with the reason.
        """
        names = [name.upper() for name in cls.model_fields]
        ours = {name: environ[name] for name in names if environ.get(name)}
        try:
            return cls.model_validate({**ours, "NETWORK": Network.from_environ(environ)})
        except ValidationError as error:
            lines = [_line(one) for one in error.errors()]
        raise InvalidSettings("\n".join(lines))


def _line(error: ErrorDetails) -> str:
    """The message for one error; without a variable's name if it is about several together."""
    message = error["msg"].removeprefix("Value error, ")
    value = _CREDENTIALS.sub("//…@", repr(error["input"]))
    return f"{error['loc'][0]}={value}: {message}" if error["loc"] else message
