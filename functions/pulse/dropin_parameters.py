"""Query parameters of the drop-in routes: pypistats.org's own.

Like upstream, the drop-in ignores unknown parameters.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, Field

from pulse.models import Period


def _lower_case(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class RecentQuery(BaseModel):
    """The query of the drop-in's `recent`."""

    period: Annotated[
        Period | None, Field(description="The only period to return. Default: all three.")
    ] = None


class OverallQuery(BaseModel):
    """The query of the drop-in's `overall`."""

    mirrors: Annotated[
        str | None,
        Field(
            description="`true` or `false` for one of the two categories. Anything else returns "
            "both, as upstream does.",
            examples=["true"],
        ),
    ] = None

    @property
    def categories(self) -> tuple[str, ...] | None:
        """The categories that are wanted; None for all."""
        match self.mirrors:
            case "true":
                return ("with_mirrors",)
            case "false":
                return ("without_mirrors",)
            case _:
                return None


class VersionQuery(BaseModel):
    """The query of the drop-in's endpoints about Python versions."""

    version: str | None = None

    @property
    def categories(self) -> tuple[str, ...] | None:
        """The categories that are wanted; None for all."""
        return None if self.version is None else (self.version,)


_VERSION_HELP: Final = (
    "The only version to return; `null` (in any case) for unknown versions. Default: all."
)
_NULL: Final = "[Nn][Uu][Ll][Ll]"


class MajorQuery(VersionQuery):
    """The query of the drop-in's `python_major`."""

    version: Annotated[
        str | None,
        Field(pattern=rf"^([0-9]{{1,3}}|{_NULL})$", description=_VERSION_HELP, examples=["3"]),
    ] = None


class MinorQuery(VersionQuery):
    """The query of the drop-in's `python_minor`."""

    version: Annotated[
        str | None,
        Field(
            pattern=rf"^([0-9]{{1,3}}\.[0-9]{{1,3}}|{_NULL})$",
            description=_VERSION_HELP,
            examples=["3.13"],
        ),
    ] = None


class SystemQuery(BaseModel):
    """The query of the drop-in's `system`."""

    os: Annotated[
        Annotated[
            Literal["windows", "linux", "darwin", "other", "null"], BeforeValidator(_lower_case)
        ]
        | None,
        Field(description="The only system to return, in any case. Default: all."),
    ] = None

    @property
    def categories(self) -> tuple[str, ...] | None:
        """The categories that are wanted; None for all."""
        return None if self.os is None else (self.os,)
