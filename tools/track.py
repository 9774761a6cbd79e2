"""`python -m tools.track`: which packages the collector tracks. `make track` runs it.

It lists them, adds some or removes some, in the `HistoryTable` of a deployed stack. With HISTORY_TABLE set, it
uses that table and asks no stack. Region, credentials and endpoints are those of AWS's SDKs.
"""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from pulse.names import InvalidPackageName, PackageName
from pulse.settings import InvalidSettings
from pulse_io.settings import Settings
from pulse_io.store.table import Table, TableUnavailable, open_table
from pulse_io.store.tracked import Collected, Progress, TrackedPackages
from tools import without_proxies_for_loopback
from tools.runtime.machine import NeedError
from tools.runtime.sam import global_settings

PARAMETER: Final = "TrackedPackages"
COMMAND: Final = "make track"


@dataclass(frozen=True)
class Place:
    """The table, and the packages that are tracked without an item in it."""

    table: str
    session: boto3.Session
    fixed: frozenset[PackageName]


def main() -> int:
    """Return 0 if all went well, else 1 with the reason on stderr and nothing changed."""
    parser = argparse.ArgumentParser(prog="python -m tools.track", description=__doc__)
    parser.add_argument("packages", nargs="*", help="packages to add; without any, list all")
    parser.add_argument("--remove", action="store_true", help="remove the packages instead")
    parser.add_argument(
        "--environment", default="default", help="of samconfig.toml (default: %(default)s)"
    )
    asked = parser.parse_args()
    if asked.remove and not "".join(asked.packages).strip():
        parser.error("which packages? as in: make track REMOVE=1 PACKAGES=httpx")
    os.environ.update(without_proxies_for_loopback(os.environ))
    logging.getLogger("pulse_io").addHandler(logging.NullHandler())  # errors are printed here
    try:
        packages = parse(asked.packages)
        asyncio.run(_track(_place(asked.environment), packages, remove=asked.remove))
    except (NeedError, InvalidSettings, BotoCoreError, ClientError) as error:
        print(error, file=sys.stderr)
        return 1
    except TableUnavailable as error:
        print(f"The table can't be used: {error.__cause__!r}", file=sys.stderr)
        return 1
    return 0


def parse(texts: Iterable[str]) -> list[PackageName]:
    """The packages in lists that are separated by spaces or commas.

    Raises:
        NeedError: names each that is no package name, with the rule.
    """
    packages: dict[PackageName, None] = {}
    wrong = []
    for name in " ".join(texts).replace(",", " ").split():
        try:
            packages[PackageName.parse(name)] = None
        except InvalidPackageName as error:
            wrong.append(f"{name!r}: {error}")
    if wrong:
        raise NeedError("\n".join([*wrong, "Nothing was changed."]))
    return list(packages)


def _place(environment: str) -> Place:
    """The table of an environment of samconfig.toml, or of HISTORY_TABLE.

    Raises:
        NeedError: there is no such environment or stack; says what to do.
    """
    if table := os.environ.get("HISTORY_TABLE"):
        return Place(table, _session(None), _fixed(os.environ.get("TRACKED_PACKAGES", "")))
    settings = global_settings(environment)
    name, session = settings["stack_name"], _session(settings.get("region"))
    try:
        (stack,) = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        raise NeedError(f"The stack {name} can't be asked for its table: {error}") from error
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
    parameters = {one["ParameterKey"]: one["ParameterValue"] for one in stack.get("Parameters", [])}
    if "HistoryTableName" not in outputs:
        raise NeedError(
            f"The stack {name} has no history yet: make deploy ENVIRONMENT={environment}"
        )
    return Place(outputs["HistoryTableName"], session, _fixed(parameters.get(PARAMETER, "")))


def _session(region: str | None) -> boto3.Session:
    """A session in this region, or that of the environment; boto3 itself does not read AWS_REGION."""
    return boto3.Session(region_name=region or os.environ.get("AWS_REGION"))


async def _track(place: Place, packages: Sequence[PackageName], *, remove: bool) -> None:
    if remove and (kept := sorted(place.fixed.intersection(packages))):
        raise NeedError(
            f"{', '.join(kept)}: in the parameter {PARAMETER}, which only a deployment changes. "
            "Nothing was changed."
        )
    async with _opened(place) as table:
        tracked = TrackedPackages(table)
        added = await tracked.read()
        if not packages:
            _list(place.fixed, added, await Progress(table).read())
        elif remove:
            await tracked.remove(packages)
            _say("No longer tracked", added.intersection(packages))
            _say("Not tracked", set(packages) - added)
        else:
            await tracked.add(packages)
            _say("Tracked from the collector's next run on", set(packages) - added)
            _say("Already tracked", added.intersection(packages))


@asynccontextmanager
async def _opened(place: Place) -> AsyncIterator[Table]:
    """The table, with the credentials that boto3 finds: also those of a login or a role."""
    credentials = place.session.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    frozen = credentials.get_frozen_credentials()
    own = {
        "AWS_ACCESS_KEY_ID": frozen.access_key,
        "AWS_SECRET_ACCESS_KEY": frozen.secret_key,
        "AWS_SESSION_TOKEN": frozen.token,
    }
    os.environ.update({name: value for name, value in own.items() if value})
    region = place.session.region_name or ""
    settings = Settings.from_environ(
        {**os.environ, "AWS_REGION": region, "HISTORY_TABLE": place.table}
    )
    table = open_table(settings, place.table)
    try:
        yield table
    finally:
        await table.aclose()


def _fixed(parameter: str) -> frozenset[PackageName]:
    return frozenset(parse([parameter]))


def _list(
    fixed: frozenset[PackageName],
    added: frozenset[PackageName],
    progress: Mapping[PackageName, Collected],
) -> None:
    """Print a line for each package: where it is tracked, and what was collected."""
    rows = [("package", "tracked by", "collected until")]
    for package in sorted(fixed | added):
        places = [PARAMETER] * (package in fixed) + [COMMAND] * (package in added)
        rows.append((package, ", ".join(places), _collected(progress.get(package))))
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for row in rows:
        print(f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}")
    if len(rows) == 1:
        print("No package is tracked.")


def _collected(collected: Collected | None) -> str:
    if collected is None:
        return "not yet"
    unknown = ": unknown to pypistats.org" if collected.is_unknown else ""
    return f"{collected.as_of}{unknown}"


def _say(heading: str, packages: Iterable[PackageName]) -> None:
    if names := ", ".join(sorted(packages)):
        print(f"{heading}: {names}.")


if __name__ == "__main__":
    sys.exit(main())
