"""Facts stated in several files agree."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from collector.settings import CollectorSettings
from flask_app.settings import FlaskSettings
from pulse import __version__

ROOT = Path(__file__).parents[2]
DECISIONS = sorted(path.name for path in (ROOT / "docs/adr").glob("[0-9]*.md"))
ARCHITECTURE = "docs/architecture.md"
PAGES = [
    "CONTRIBUTING.md",
    "RELEASING.md",
    "SECURITY.md",
    ARCHITECTURE,
    "docs/embed.md",
    "docs/glossary.md",
    "docs/performance.md",
    "docs/adr/README.md",
    *(f"docs/adr/{name}" for name in DECISIONS),
]


def test_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()


def code(page: str) -> str:
    """The contents of a page's code blocks and inline code."""
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
    paths = re.findall(
        rf"(?<!\S)(?:{'|'.join(map(re.escape, names))})(?:/[\w./-]*)?(?![\w.-])", code(page)
    )
    for path in paths:
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for path in re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", (ROOT / page).read_text()):
        assert (ROOT / page).parent.joinpath(path).exists(), path


def test_architecture_says_where_to_change_what() -> None:
    """Each row of the table names a path that exists."""
    _, rest = (ROOT / ARCHITECTURE).read_text().split("## Where do I change …")
    rows = re.findall(r"^\| (.+) \| (.+) \|$", rest.split("\n## ")[0], flags=re.MULTILINE)[1:]
    assert rows
    for what, where in rows:
        names = re.findall(r"`([^` ]+)`", where)
        assert names, what
        for name in names:
            assert (ROOT / name).exists(), name


def test_architecture_shows_every_package() -> None:
    page, picture = (ROOT / ARCHITECTURE).read_text(), (ROOT / "docs/architecture.svg").read_text()
    for package in (ROOT / "functions").glob("*/__init__.py"):
        assert f"`functions/{package.parent.name}/`" in page
        assert f">{package.parent.name}<" in picture


def test_every_decision_is_listed() -> None:
    index = (ROOT / "docs/adr/README.md").read_text()
    listed = re.findall(
        r"^\| \[(\d+)\]\(([\w.-]+)\) \| (.+) \| (\d{4}-\d\d-\d\d)", index, re.MULTILINE
    )
    assert [name for _, name, _, _ in listed] == DECISIONS
    for number, name, title, date in listed:
        text = (ROOT / "docs/adr" / name).read_text()
        assert name.startswith(f"{number:>04}-")
        assert text.startswith(f"# {number}. {title}\n\nDate: {date}")
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
            "Context",
            "Decision",
            "Alternatives",
        ]


HOOKS = [
    hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repository["hooks"]
]


def test_linters_are_those_of_venv() -> None:
    """`make lint` runs all of them; pre-commit downloads none."""
    assert "$(BIN)/pre-commit run --all-files" in (ROOT / "Makefile").read_text()
    for hook in HOOKS:
        assert hook["entry"].startswith(".venv/bin/")
        assert hook["language"] == "system"


def test_every_file_for_github_is_checked() -> None:
    patterns = [hook["files"] for hook in HOOKS if "check-jsonschema" in hook["entry"]]
    for path in (ROOT / ".github").rglob("*.y*ml"):
        name = str(path.relative_to(ROOT))
        assert any(re.search(pattern, name) for pattern in patterns), name


def test_readme_links_to_the_pages() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "](CONTRIBUTING.md)" in readme
    assert "](SECURITY.md)" in readme


def test_readme_lists_settings_with_defaults() -> None:
    """Those of the table's region, which AWS's tools set, are left out."""
    readme = (ROOT / "README.md").read_text()
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \| ([^|]+) \|", readme, flags=re.MULTILINE)
    told = {
        name.strip("` "): default
        for names, defaults in rows
        for name, default in zip(
            names.split(","), _each(defaults.replace("`", ""), names.count(",") + 1), strict=True
        )
    }
    fields = CollectorSettings.model_fields | FlaskSettings.model_fields
    defaults = {name.upper(): field.default for name, field in fields.items()}
    for name in told.keys() & defaults.keys():
        default = str(defaults[name])
        shown = {"None": "unset", "": "empty", "frozenset()": "empty"}.get(default, default)
        assert told[name] == shown, name
    unlisted = {name for name in defaults.keys() - told.keys() if not name.startswith("AWS_")}
    assert unlisted == {"NETWORK"}


def _each(defaults: str, count: int) -> list[str]:
    """One default for each setting of a row; a single one is that of all."""
    each = defaults.split(", ")
    return each * count if len(each) == 1 else each


def test_contributing_lists_every_kind_of_test() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    told = set(re.findall(r"^\| `(tests/\w+)` \|", page, flags=re.MULTILINE))
    suites = {test.relative_to(ROOT).parts[1] for test in (ROOT / "tests").rglob("test_*.py")}
    assert told == {f"tests/{suite}" for suite in suites}
