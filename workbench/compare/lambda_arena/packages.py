"""Which packages are asked for: the stand-in's own, those apart that are there to be odd."""

from typing import Final

from workbench.upstream.packages import ALL_OF_PYPI, DEBUT, DOWNLOADS_PER_DAY, HERMIT, NEWCOMER

PACKAGES: Final = tuple(
    name for name in DOWNLOADS_PER_DAY if name not in {ALL_OF_PYPI, NEWCOMER, DEBUT, HERMIT}
)


def some(count: int) -> tuple[str, ...]:
    """So many packages, always the same ones."""
    return PACKAGES[:count]
