"""Settings of the collector, from environment variables."""

from typing import Annotated, ClassVar, Final, Self

from pydantic import BeforeValidator, Field, model_validator

from pulse.names import InvalidPackageName, PackageName
from pulse_io.settings import Settings

SECONDS_PER_MINUTE: Final = 60


def _packages(names: object) -> object:
    """The package names of a list that is separated by commas."""
    if not isinstance(names, str):
        return names
    packages = set()
    for name in filter(None, map(str.strip, names.split(","))):
        try:
            packages.add(PackageName.parse(name))
        except InvalidPackageName as error:
            raise ValueError(f"{name!r} is not a package: {error}") from None
    return frozenset(packages)


class CollectorSettings(Settings):
    """The settings of the API, with the tracked packages. Both tables must be set."""

    background: ClassVar[bool] = True
    tracked_packages: Annotated[frozenset[PackageName], BeforeValidator(_packages)] = frozenset()
    """Further ones are in `HISTORY_TABLE`."""
    collector_per_minute: Annotated[int, Field(ge=0, le=10000)] = 12
    """Packages in a minute, each with a call to every endpoint; 0 is no limit.

    Two fifths of upstream's limit: the larger share is left to people's requests.
    """

    @model_validator(mode="after")
    def _has_tables(self) -> Self:
        if not (self.cache_table and self.history_table):
            raise ValueError("the collector needs CACHE_TABLE and HISTORY_TABLE")
        return self

    @property
    def pace_s(self) -> float:
        """Seconds from one package to the next."""
        return SECONDS_PER_MINUTE / self.collector_per_minute if self.collector_per_minute else 0
