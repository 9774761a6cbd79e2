"""The colours of charts, as colour-blind people see them."""

from collections.abc import Sequence
from itertools import combinations
from math import dist
from typing import Final

import pytest

from pulse.charts.style import DARK, DASHES, LIGHT, Palette

Vector = Sequence[float]

SEEN: Final[dict[str, Sequence[Vector]]] = {
    "all colours": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "no green": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "no blue": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}
"""What becomes of linear red, green and blue (Machado, Oliveira and Fernandes, 2009)."""

XYZ: Final = ((0.434, 0.376, 0.190), (0.213, 0.715, 0.072), (0.018, 0.109, 0.873))
"""From linear red, green and blue, relative to white."""

DIFFERENT: Final = 25
"""A distance in CIELAB that is plain to see, even between thin lines."""


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("seen", SEEN)
def test_lines_without_dashes_differ_in_colour(palette: Palette, seen: str) -> None:
    solid = [color for number, color in enumerate(palette.lines) if str(number) not in DASHES]
    assert len(solid) == 3
    for one, other in combinations(solid, 2):
        assert dist(lab(one, SEEN[seen]), lab(other, SEEN[seen])) >= DIFFERENT, (one, other)


def test_all_other_lines_have_dashes_of_their_own() -> None:
    assert len(set(DASHES.values())) == len(DASHES) == len(LIGHT.lines) - 3 + len("ou")


def lab(color: str, seen: Sequence[Vector]) -> Vector:
    """Where a colour lies in CIELAB for somebody."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (byte / 255 for byte in bytes.fromhex(color[1:]))
    ]
    shown = [min(max(part, 0), 1) for part in product(seen, linear)]
    x, y, z = (
        part ** (1 / 3) if part > 0.00886 else 7.787 * part + 0.138 for part in product(XYZ, shown)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def product(matrix: Sequence[Vector], vector: Vector) -> Vector:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]
