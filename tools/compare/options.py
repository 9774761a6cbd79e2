"""The command line of `make compare`."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, get_args

from .plan import ARENAS, VARIANTS, Plan
from .samples import Arena

MAX_PACKAGES: Final = 50
DEFAULT_OUTPUT: Final = Path(".cache/compare")
"""Each run has a folder of its own in it, so that none takes the place of another."""

DESCRIPTION: Final = """\
Measure the Flask and the FastAPI variant side by side, and print whatever comes out.

arenas
  lambda   both functions in the Lambda runtime image, under SAM and Docker
  server   one worker each of uvicorn, and of gunicorn with its sync and its gthread worker
  core     the article's two functions, blocking and asynchronous, with no framework
variants
  fastapi        asynchronous, all upstream calls at once
  flask          blocking, one upstream call after the other, as the article has it
  flask-threads  blocking, upstream calls in threads: the fair control

In every round each variant has its turn, after a warm-up. The folder of --output then holds
results.json, with every sample and every printed number, report.md and its plots.
Progress is on stderr, tables are on stdout. Ctrl-C keeps what was measured until then."""

EPILOG: Final = """\
exit status: 0 when all was measured; 1 when something could not be, or more ratios disagree
than chance explains; 2 when asked
for what there is not; 130 after Ctrl-C."""


MEASURING: Final = (
    "quick",
    "arenas",
    "variants",
    "packages",
    "latency",
    "concurrency",
    "rounds",
    "output",
)
"""The options that only a run has a use for."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a plan holds where nothing else is asked for."""

    packages: tuple[int, ...]
    latencies_ms: tuple[int, ...]
    concurrencies: tuple[int, ...]
    rounds: int


FULL: Final = Sizes((1, 5, 10, 25, 50), (50, 200, 500), (1, 5, 10, 25, 50), 5)
QUICK: Final = Sizes((1, 10), (200,), (1, 10), 2)


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for.

    Attributes:
        plan: What to measure, where neither `report` nor `agree` is asked for.
        report: The folder whose results.json is to be reported again, with nothing measured.
        into: The page whose generated blocks are to be filled.
        agree: Two results.json whose ratios are to be compared.
    """

    plan: Plan
    report: Path | None
    into: Path | None
    agree: tuple[Path, Path] | None


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line; leaves with 2 and the reason on stderr where it can't be done."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if asked.report and asked.agree:
        parser.error("--report and --agree are two different things: ask for one of them")
    for known in ("report", "agree"):
        for option in MEASURING if getattr(asked, known) else ():
            if getattr(asked, option):
                parser.error(f"--{known} measures nothing, so --{option} has no meaning")
    if asked.into and asked.agree:
        parser.error("--into needs one run's results, not two")
    if asked.into and not asked.into.is_file():
        parser.error(f"--into: there is no file {asked.into}")
    sizes = QUICK if asked.quick else FULL
    plan = Plan(
        arenas=asked.arenas or ARENAS,
        variants=asked.variants or VARIANTS,
        packages=asked.packages or sizes.packages,
        latencies_ms=asked.latency or sizes.latencies_ms,
        concurrencies=asked.concurrency or sizes.concurrencies,
        rounds=asked.rounds or sizes.rounds,
        quick=asked.quick,
        output=asked.output or DEFAULT_OUTPUT / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}",
    )
    return Options(plan, asked.report, asked.into, tuple(asked.agree) if asked.agree else None)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.compare",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    measure = parser.add_argument_group("what to measure (lists have commas)")
    measure.add_argument(
        "--quick",
        action="store_true",
        help="in three minutes and not fifteen: " + _described(QUICK),
    )
    measure.add_argument(
        "--arenas", type=_names("arena", get_args(Arena)), help=f"default: {','.join(ARENAS)}"
    )
    measure.add_argument(
        "--variants", type=_names("variant", VARIANTS), help=f"default: {','.join(VARIANTS)}"
    )
    measure.add_argument(
        "--packages",
        type=_numbers(1, MAX_PACKAGES),
        help=f"packages of one request, 1 to {MAX_PACKAGES}; default: {_listed(FULL.packages)}",
    )
    measure.add_argument(
        "--latency",
        type=_numbers(0, 5000),
        help="how long upstream holds back every answer, in ms; "
        f"default: {_listed(FULL.latencies_ms)}",
    )
    measure.add_argument(
        "--concurrency",
        type=_numbers(1, 500),
        help=f"clients at once in the server arena; default: {_listed(FULL.concurrencies)}",
    )
    measure.add_argument(
        "--rounds", type=_number(1, 1000), help=f"turns of each variant; default: {FULL.rounds}"
    )
    measure.add_argument(
        "--output", type=Path, help=f"folder; default: one named by the time, in {DEFAULT_OUTPUT}"
    )
    known = parser.add_argument_group("what to do with what was measured")
    known.add_argument(
        "--report", type=Path, metavar="FOLDER", help="report FOLDER's results.json again"
    )
    known.add_argument(
        "--into",
        type=Path,
        metavar="PAGE",
        help="fill PAGE's generated blocks, and put results.json and plots into a folder beside it",
    )
    known.add_argument(
        "--agree",
        type=Path,
        nargs=2,
        metavar="RESULTS",
        help="whether the ratios of two runs agree within their spread",
    )
    return parser


def _described(sizes: Sizes) -> str:
    return (
        f"packages {_listed(sizes.packages)}, latency {_listed(sizes.latencies_ms)}, "
        f"concurrency {_listed(sizes.concurrencies)}, rounds {sizes.rounds}, fewer situations"
    )


def _listed(values: Sequence[int]) -> str:
    return ",".join(str(value) for value in values)


def _names(kind: str, known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    def names(text: str) -> tuple[str, ...]:
        asked = [name.strip() for name in text.split(",")]
        for name in asked:
            if name not in known:
                raise argparse.ArgumentTypeError(
                    f"there is no {kind} {name!r}; there are {', '.join(known)}"
                )
        return tuple(name for name in known if name in asked)

    return names


def _number(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = text.strip()
        if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
            raise argparse.ArgumentTypeError(f"{value!r} is not a number from {least} to {most}")
        return int(value)

    return number


def _numbers(least: int, most: int) -> Callable[[str], tuple[int, ...]]:
    one = _number(least, most)

    def numbers(text: str) -> tuple[int, ...]:
        return tuple(sorted({one(part) for part in text.split(",")}))

    return numbers
