import pytest

from tests.unit.tools.runtime.scripted_machine import ScriptedMachine
from tools.runtime import recipe
from tools.runtime.image import Image, ensure_image, look
from tools.runtime.machine import Outcome
from tools.runtime.problems import ImageError

TARGET = recipe.TARGETS["x86_64"]
INSPECT = "docker image inspect"
ABSENT = Outcome(1, stderr="No such image")
UNREACHABLE = Outcome(1, stderr="no such host")


@pytest.fixture
def debian() -> ScriptedMachine:
    """A Debian that has no image, can't pull one and has not got far in making one."""
    machine = ScriptedMachine(programs={"docker", "apt-get", "uv"})
    machine.script(INSPECT, ABSENT)
    machine.script("docker pull", UNREACHABLE)
    machine.script(
        "apt-get indextargets", Outcome(0, "http://mirror.example/debian|Debian|Debian|main")
    )
    machine.script("unshare --mount debootstrap", Outcome(1, stderr="out of disk"))
    return machine


@pytest.mark.parametrize(
    ("inspected", "expected"),
    [
        (ABSENT, Image.ABSENT),
        (Outcome(0, stdout="\n"), Image.OFFICIAL),
        (Outcome(0, stdout=recipe.recipe_key() + "\n"), Image.STAND_IN),
        (Outcome(0, stdout="0123456789abcdef\n"), Image.OUTDATED),
    ],
)
def test_the_label_tells_the_stand_in_from_the_official_image(
    machine: ScriptedMachine, inspected: Outcome, expected: Image
) -> None:
    machine.script(INSPECT, inspected)
    assert look(machine, TARGET) is expected


@pytest.mark.parametrize("key", ["", recipe.recipe_key()], ids=["official", "stand-in"])
def test_an_image_that_is_there_is_kept_and_nothing_is_tried(
    machine: ScriptedMachine, key: str
) -> None:
    machine.script(INSPECT, Outcome(0, stdout=f"{key}\n"))

    assert ensure_image(machine) == TARGET.image

    assert len(machine.ran) == 1
    assert machine.said == []


def test_an_image_that_can_be_pulled_is_not_made(machine: ScriptedMachine) -> None:
    machine.script(INSPECT, ABSENT)

    assert ensure_image(machine) == TARGET.image

    assert machine.count("docker pull") == 1
    assert machine.count("docker import") == machine.count("apt-get") == 0


def test_a_pull_that_fails_is_not_tried_again(debian: ScriptedMachine) -> None:
    with pytest.raises(ImageError, match="debootstrap failed:\nout of disk"):
        ensure_image(debian)

    assert debian.count("docker pull") == 1
    assert debian.count("unshare --mount debootstrap") == 1


def test_debootstrap_uses_the_mirror_that_apt_is_set_up_with(debian: ScriptedMachine) -> None:
    with pytest.raises(ImageError):
        ensure_image(debian)

    assert "trixie" in debian.ran[-1]
    assert "http://mirror.example/debian" in debian.ran[-1]


def test_a_debootstrap_older_than_the_release_is_given_sids_script(debian: ScriptedMachine) -> None:
    with pytest.raises(ImageError):
        ensure_image(debian)
    assert debian.ran[-1].endswith("/usr/share/debootstrap/scripts/sid")


def test_a_debootstrap_that_knows_the_release_uses_its_own_script(debian: ScriptedMachine) -> None:
    debian.files["/usr/share/debootstrap/scripts/trixie"] = ""
    with pytest.raises(ImageError):
        ensure_image(debian)
    assert debian.ran[-1].endswith("http://mirror.example/debian")


def test_without_root_it_says_so_and_what_to_do_instead(debian: ScriptedMachine) -> None:
    debian.user_id = 1000

    with pytest.raises(ImageError, match=rf"needs root.*docker pull {TARGET.image}"):
        ensure_image(debian)

    assert debian.count("apt-get") == 0


def test_without_a_debian_archive_in_apts_sources_it_asks_for_one(debian: ScriptedMachine) -> None:
    debian.script("apt-get indextargets", Outcome(0, ""))

    with pytest.raises(ImageError, match="set DEBIAN_MIRROR"):
        ensure_image(debian)


def test_a_new_image_replaces_what_sam_derived_from_the_old_one(machine: ScriptedMachine) -> None:
    machine.script(INSPECT, Outcome(0, stdout="0123456789abcdef\n"))

    ensure_image(machine)

    assert machine.count(f"docker image rm --force {TARGET.emulator_image}") == 1
    assert machine.count("docker image rm 0123456789abcdef") == 1
    assert "has changed" in machine.said[0]


def test_an_arm_machine_gets_the_arm_image(machine: ScriptedMachine) -> None:
    machine.architecture = "arm64"
    assert ensure_image(machine) == "public.ecr.aws/lambda/python:3.13-arm64"


def test_another_recipe_has_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = recipe.recipe_key()
    monkeypatch.setattr(recipe, "DEBIAN_PACKAGES", ("python3",))
    assert recipe.recipe_key() != before
