import pytest

from tests.unit.tools.runtime.scripted_machine import ScriptedMachine
from tools.runtime.debian import debian_mirror, parse_mirror
from tools.runtime.machine import Outcome

SECURITY = "http://mirror.example/debian-security|Debian|Debian-Security|main"
THIRD_PARTY = "https://packages.example/node|Node Source|Node Source|main"
CONTRIB = "http://mirror.example/other|Debian|Debian|contrib"
MAIN = "http://mirror.example/debian|Debian|Debian|main"


@pytest.mark.parametrize(
    ("indexes", "expected"),
    [
        ([MAIN], "http://mirror.example/debian"),
        ([SECURITY, THIRD_PARTY, CONTRIB, MAIN], "http://mirror.example/debian"),
        ([SECURITY, THIRD_PARTY], None),
        (["http://archive.example/ubuntu|Ubuntu|Ubuntu|main"], None),
        (["nonsense", "", "a|b"], None),
        ([], None),
    ],
)
def test_the_mirror_is_the_site_of_debians_main_archive(
    indexes: list[str], expected: str | None
) -> None:
    assert parse_mirror("\n".join(indexes)) == expected


def test_a_list_of_mirrors_gives_its_first(machine: ScriptedMachine) -> None:
    listed = "mirror+file:/etc/apt/mirrors/debian.list|Debian|Debian|main"
    machine.script("apt-get indextargets", Outcome(0, listed))
    machine.files["/etc/apt/mirrors/debian.list"] = (
        "https://near.example/debian\nhttps://far.example/debian\n"
    )

    assert debian_mirror(machine) == "https://near.example/debian"


def test_an_empty_list_of_mirrors_gives_none(machine: ScriptedMachine) -> None:
    machine.script("apt-get indextargets", Outcome(0, "mirror+file:/gone|Debian|Debian|main"))
    assert debian_mirror(machine) is None
