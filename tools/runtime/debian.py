"""What apt knows: how to install a package here, and which mirror this machine is set up with."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from .machine import Machine, Outcome

APT_TIMEOUT_S = 600
MIRROR_LIST = "mirror+file:"

# Fields of `apt-get indextargets`: one line for each index that apt's sources name.
_INDEX_FIELDS = "$(SITE)|$(ORIGIN)|$(LABEL)|$(COMPONENT)"


def is_debian_like(machine: Machine) -> bool:
    """Whether packages are installed with apt here."""
    return machine.find("apt-get") is not None


def knows_package(machine: Machine, package: str) -> bool:
    """Whether apt's lists hold a package; they must have been fetched before."""
    return machine.run("apt-cache", "show", package).succeeded


def refresh_lists(machine: Machine) -> Outcome:
    """Fetch apt's package lists: a fresh machine has none."""
    return machine.run("apt-get", "update", timeout_s=APT_TIMEOUT_S)


def install(machine: Machine, packages: Iterable[str]) -> Outcome:
    """Install or update packages without asking anything."""
    return machine.run(
        *("apt-get", "install", "--yes", "--no-install-recommends", *packages),
        timeout_s=APT_TIMEOUT_S,
        environ={"DEBIAN_FRONTEND": "noninteractive"},
    )


def debian_mirror(machine: Machine) -> str | None:
    """The base URL of the Debian archive that apt is set up with, None where there is none."""
    listed = machine.run(
        "apt-get", "indextargets", "--format", _INDEX_FIELDS, "Created-By: Packages"
    )
    site = parse_mirror(listed.stdout)
    if site is None or not site.startswith(MIRROR_LIST):
        return site
    # Cloud images name a file that lists mirrors, best first.
    mirrors = machine.read(site.removeprefix(MIRROR_LIST)).split()
    return next((mirror for mirror in mirrors if urlsplit(mirror).scheme), None)


def parse_mirror(indextargets: str) -> str | None:
    """The site of the first index of Debian's main archive in `apt-get indextargets`' answer.

    Other vendors' archives have another origin, and security updates another label.
    """
    for line in indextargets.splitlines():
        site, origin, label, component = (*line.strip().split("|"), "", "", "")[:4]
        if (origin, label, component) == ("Debian", "Debian", "main"):
            return site
    return None
