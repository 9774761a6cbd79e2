"""`python -m tools.dates`: the quick suites as they would run on other dates. `make test-dates` starts it.

Every Python process of this environment reads its clock moved by an offset, child processes too: the
offset is in the environment, and a .pth file in `.venv` applies it before anything else is imported.
What waits (sleeps, timeouts) is by the monotonic clock, which is not moved.
"""

import datetime as dt
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

OFFSET: Final = "PYPI_PULSE_TESTS_OFFSET_S"
"""The environment variable with the seconds by which the clock is moved."""

SUITES: Final = (
    *("-n", "logical"),
    *("tests/unit", "tests/contract", "tests/http"),
    # What runs on a machine that a test scripts, or reads files of the project, has no date.
    *(
        f"--ignore=tests/unit/{folder}"
        for folder in (
            *("template", "tools/checks", "tools/dynamodb", "tools/emulator", "tools/runtime"),
            # This one measures how long something takes, by the monotonic clock, and takes long itself.
            "tools/compare",
        )
    ),
    # These run on simulated time, and take long.
    "--ignore=tests/unit/collector/test_kills.py",
    "--ignore=tests/unit/pulse_io/test_clickhouse_environments.py",
    # These ask a server whose clock stands still, from processes that read none.
    *("--ignore=tests/http/test_openapi_client.py", "--ignore=tests/http/test_schemathesis.py"),
)
"""What needs no Docker, Java or browser: other programs' clocks are not moved."""

DATES: Final = {
    "a leap day": dt.datetime(2028, 2, 29, 12, tzinfo=dt.UTC),
    "a year's end, in a week that both years have": dt.datetime(
        2026, 12, 31, 23, 50, tzinfo=dt.UTC
    ),
    "a month's first day, before upstream has loaded": dt.datetime(
        2027, 3, 1, 0, 30, tzinfo=dt.UTC
    ),
}

PYTEST: Final = (
    *("-m", "pytest", "--quiet"),
    # It is a plugin too, and is there before pytest is.
    *("-W", "ignore:Module already imported so cannot be rewritten; time_machine"),
)

_MOVE_THE_CLOCK: Final = (
    f"import os, sys; {OFFSET!r} in os.environ and 'time_machine' not in sys.modules and "
    f"__import__('time_machine').travel(__import__('time').time() + float(os.environ[{OFFSET!r}]), "
    "tick=True).start()\n"
)


def main(options: list[str]) -> int:
    """Run the suites, or what pytest's `options` say, under each date; returns 1 if any run fails."""
    Path(sysconfig.get_path("purelib"), "pypi_pulse_tests_dates.pth").write_text(_MOVE_THE_CLOCK)
    failed = []
    for name, date in DATES.items():
        print(f"\n{date:%Y-%m-%d %H:%M} UTC: {name}", flush=True)
        moved_s = float(os.environ.get(OFFSET, "0"))
        offset_s = (date - dt.datetime.now(dt.UTC)).total_seconds() + moved_s
        command = [sys.executable, *PYTEST, *(options or SUITES)]
        # Not rounded: half a second less would begin the hour, or the day, before.
        run = subprocess.run(command, env={**os.environ, OFFSET: str(offset_s)}, check=False)
        if run.returncode:
            failed.append(name)
    for name in failed:
        print(f"The tests fail on {name}.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
