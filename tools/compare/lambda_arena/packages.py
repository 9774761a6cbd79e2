"""Which packages are asked for: the stand-in's own, those apart that are there to be odd."""

from typing import Final

from tools.fake_pypistats.packages import DOWNLOADS_PER_DAY

PACKAGES: Final = tuple(name for name in DOWNLOADS_PER_DAY if not name.startswith(("__", "pulse-")))


def some(count: int) -> tuple[str, ...]:
    """So many packages, always the same ones."""
    return PACKAGES[:count]
