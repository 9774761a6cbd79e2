"""`python -m tools.compare`: measure both variants, and report."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.runtime.processes import end_in_order_when_told_to

from . import agreement, plots
from .arenas import Measurer, measurer
from .markdown import report
from .options import Options, parse
from .pages import NoSuchBlock, publish
from .results import NoResults, Results, load
from .run import Run
from .samples import Arena
from .terminal import show

INTERRUPTED = 130
REPORT = "report.md"


def main(arguments: Sequence[str], find: Callable[[Arena], Measurer] = measurer) -> int:
    """Do what the command line asks for. Returns the exit status.

    `find` finds what measures an arena.
    """
    options = parse(arguments)
    try:
        if options.agree:
            return _agree(*options.agree)
        if options.report:
            write(load(options.report), options.report, options.into)
            return 0
    except (NoResults, NoSuchBlock) as problem:
        _say(str(problem))
        return 1
    return _measure(options, find)


def _measure(options: Options, find: Callable[[Arena], Measurer]) -> int:
    end_in_order_when_told_to()
    began = time.monotonic()

    def say(words: str) -> None:
        _say(f"{time.monotonic() - began:5.0f} s  {words}")

    run = Run(options.plan, say, find)
    try:
        run.measure()
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    finally:
        # Also where an arena failed, or SIGTERM came: what was measured until then is not lost.
        write(run.results(), options.plan.output, options.into if run.complete else None)
    if options.into and not run.complete:
        _say(f"{options.into} is left as it is: not all was measured")
    for name, why in run.missing.items():
        _say(f"not measured: {name}. {why}")
    return 1 if run.missing else 0


def write(results: Results, folder: Path, page: Path | None) -> None:
    """Write results.json, the report and its plots into a folder, print it, and fill a page."""
    saved = results.save(folder)
    for plot in plots.plots(results.summary.measured):
        plots.write(plot, folder)
    (folder / REPORT).write_text(report(results), encoding="utf-8")
    show(results)
    _say(f"wrote {saved} and {folder / REPORT}")
    if page:
        publish(results, page)
        _say(f"filled {page}")


def _agree(first: Path, second: Path) -> int:
    found = agreement.pairs(load(first), load(second))
    print(agreement.told(found))
    return 0 if found and agreement.as_chance_has_it(found) else 1


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
