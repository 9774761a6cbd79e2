"""What callers may put into the query of the drop-in's routes: pypistats.org's own parameters.

As upstream does, the drop-in passes over parameters that it does not have.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, Field

from pulse.models import Period


def _lower_case(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class RecentQuery(BaseModel):
    """The query of the drop-in's `recent`."""

    period: Annotated[
        Period | None, Field(description="The one period that is wanted; else all three.")
    ] = None


class OverallQuery(BaseModel):
    """The query of the drop-in's `overall`."""

    mirrors: Annotated[
        str | None,
        Field(
            description="`true` or `false` for one of the two categories. As upstream does, "
            "anything else gives both.",
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
    """The query of the drop-in's two endpoints about Python's versions."""

    version: str | None = None

    @property
    def categories(self) -> tuple[str, ...] | None:
        """The categories that are wanted; None for all."""
        return None if self.version is None else (self.version,)


_VERSION_HELP: Final = (
    "The one version that is wanted, or `null` in any case for unknown; else all."
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
        Field(description="The one system that is wanted, in any case; else all."),
    ] = None

    @property
    def categories(self) -> tuple[str, ...] | None:
        """The categories that are wanted; None for all."""
        return None if self.os is None else (self.os,)
