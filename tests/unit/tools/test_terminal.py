import logging
import subprocess
import sys

import pytest

from tools import environ
from tools.terminal import OneLine


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "ascii:strict"])
def test_terminal_that_lacks_a_sign_crashes_no_table(encoding: str) -> None:
    script = f"import tools; print({'│ 3 … ü │'!a})"
    printed = subprocess.run(
        [sys.executable, "-c", script],
        env=environ(PYTHONIOENCODING=encoding, PYTHONUTF8="0", LC_ALL="C"),
        capture_output=True,
        check=False,
    )
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.startswith(b"? 3 ? ")


def test_record_is_one_line() -> None:
    reason = "it says:\r\nERROR: no more\u2028disks"
    record = logging.makeLogRecord({"levelname": "WARNING", "msg": "failed", "reason": reason})
    assert OneLine().format(record) == "WARNING: failed: reason=it says: ERROR: no more disks"
