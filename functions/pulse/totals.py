"""Totals: a package's downloads of all time, and the most downloaded packages."""

from pulse.daily_counts import DailyCounts
from pulse.models import PackageTotal, TopPackage, TopPackages, VersionTotal
from pulse.names import InvalidPackageName, PackageName
from pulse.parameters import TopQuery
from pulse.pypistats import NULL_CATEGORY
from pulse.questions import OTHER, Question
from pulse.stats import first_row
from pulse.views import with_limit


def package_total(package: PackageName, counts: DailyCounts, *, mirrors: bool) -> PackageTotal:
    """Sum up all `overall` counts of a package; `mirrors` picks one of the two categories."""
    days = counts.overall(mirrors=mirrors)
    return PackageTotal(
        package=package,
        total_downloads=days.total,
        since=first_row(days),
        as_of=counts.as_of,
        mirrors=mirrors,
        source=counts.source,
        fetched_at=counts.fetched_at,
        stale=counts.stale,
    )


def total_by_version(
    package: PackageName, counts: DailyCounts, *, mirrors: bool, limit: int
) -> PackageTotal:
    """Sum up all `version` counts of a package, and those of its `limit` largest versions.

    `mirrors` says whether the counts include downloads by mirrors.
    """
    by_version = with_limit(counts, limit, counts.first, counts.first)
    totals = {name: by_version.of(name).total for name in by_version.counts}
    return PackageTotal(
        package=package,
        total_downloads=sum(totals.values()),
        versions=[VersionTotal(version=name, downloads=total) for name, total in totals.items()],
        since=counts.first if totals else None,
        as_of=counts.as_of,
        mirrors=mirrors,
        source=counts.source,
        fetched_at=counts.fetched_at,
        stale=counts.stale,
    )


def top_packages(question: Question, query: TopQuery, counts: DailyCounts) -> TopPackages:
    """The first packages of the list; `counts` are the answer to `question`, the largest first."""
    view = question.kind.view
    totals = {name: counts.of(name).total for name in counts.counts}
    named = [
        (package, total)
        for name, total in totals.items()
        if name not in {OTHER, NULL_CATEGORY} and (package := _package(name))
    ]
    return TopPackages(
        period=query.period,
        start=counts.first,
        end=min(view.end or counts.as_of, counts.as_of),
        as_of=counts.as_of,
        total_downloads=sum(totals.values()),
        packages=[
            TopPackage(rank=rank, package=package, downloads=total)
            for rank, (package, total) in enumerate(named[: query.limit], 1)
        ],
        source=counts.source,
        fetched_at=counts.fetched_at,
        stale=counts.stale,
    )


def _package(name: str) -> PackageName | None:
    """The package of a category; None if its name is invalid: PyPI logs made-up names too."""
    try:
        return PackageName.parse(name)
    except InvalidPackageName:
        return None
