"""What is said twice is said alike."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from pulse import __version__

ROOT = Path(__file__).parents[2]
PAGES = ["CONTRIBUTING.md", "RELEASING.md", "SECURITY.md"]


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()


def code(page: str) -> str:
    """What stands in a page's code blocks and between its backticks."""
    text = (ROOT / page).read_text()
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", text, flags=re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`([^`]+)`", rest)])


@pytest.mark.parametrize("page", PAGES)
def test_commands_exist(page: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"\bmake ([a-z][a-z-]*)", code(page)):
        assert f"\n{target}:" in makefile, target


@pytest.mark.parametrize("page", PAGES)
def test_paths_exist(page: str) -> None:
    names = [path.name for path in ROOT.iterdir() if path.name not in {".venv", ".cache", ".git"}]
    paths = re.findall(rf"(?<!\S)(?:{'|'.join(map(re.escape, names))})[\w./-]*", code(page))
    paths += re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", (ROOT / page).read_text())
    assert paths
    for path in paths:
        assert (ROOT / path).exists(), path


def test_pre_commit_runs_make_lint() -> None:
    """There is one list of checks, the Makefile's."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    ((hook,),) = (repository["hooks"] for repository in config["repos"])
    assert hook["entry"] == "make lint"
    assert hook["language"] == "system"
    assert hook["always_run"]
    assert not hook["pass_filenames"]
    assert set(config["default_install_hook_types"]) <= set(hook["stages"])


def test_readme_links_to_the_pages() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "](CONTRIBUTING.md)" in readme
    assert "](SECURITY.md)" in readme


def test_contributors_are_told_of_every_kind_of_test() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    told = set(re.findall(r"^\| `(tests/\w+)` \|", page, flags=re.MULTILINE))
    suites = {test.relative_to(ROOT).parts[1] for test in (ROOT / "tests").rglob("test_*.py")}
    assert told == {f"tests/{suite}" for suite in suites}
