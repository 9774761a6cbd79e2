"""How much a reader has to follow for a cold fetch of one package is measured, and bounded."""

from pathlib import Path

import pytest

from tools.footprint import FUNCTIONS, Footprint, lines, measure

MOST = {
    False: {"functions": Footprint(34, 175, 160), "pulse_io": Footprint(11, 100, 100)},
    True: {"functions": Footprint(39, 215, 230), "pulse_io": Footprint(16, 140, 160)},
}
"""Some room above what it was when this was written, without and with a table: let it be less.

Changes of file have more room: on a busy machine a call misses its moment and is granted another one.
"""


def test_functions_and_files_count_once_and_every_change_of_file_counts() -> None:
    entered = [("a", "f"), ("a", "g"), ("b", "f"), ("a", "f"), ("a", "f")]
    assert Footprint.of(entered) == Footprint(files=2, functions=3, changes_of_file=2)
    assert Footprint.of([]) == Footprint(0, 0, 0)


@pytest.mark.parametrize("table", [False, True], ids=["no table", "table"])
def test_a_cold_fetch_passes_through_little(*, table: bool) -> None:
    measured = measure(FUNCTIONS, table=table)
    assert measured.keys() == MOST[table].keys()
    for part, most in MOST[table].items():
        one = measured[part]
        assert 0 < one.files <= most.files, part
        assert 0 < one.functions <= most.functions, part
        assert 0 < one.changes_of_file <= most.changes_of_file, part


def test_all_lines_below_a_folder_count(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "one.py").write_text('"""One."""\n\nX = 1\n')
    (tmp_path / "below" / "two.py").write_text("Y = 2\n")
    (tmp_path / "not.txt").write_text("no\n")
    assert lines(tmp_path) == 4
