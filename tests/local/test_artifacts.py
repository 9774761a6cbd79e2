"""What `sam build` puts into each function's artifact, and what it leaves out."""

from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest

PYTHON_3_13_MAGIC = b"\xf3\r\r\n"
UNCHECKED_HASH = b"\x01\0\0\0"
FLOORS = {
    "FastApiFunction": {"pulse", "pulse_io", "apigateway", "fastapi_app"},
    "FlaskFunction": {"pulse", "apigateway", "flask_app"},
}
OUR_OWN = {"pulse", "pulse_io", "apigateway", "fastapi_app", "flask_app", "collector"}
APPS = {"FastApiFunction": "fastapi_app", "FlaskFunction": "flask_app"}
ROOT = Path(__file__).parents[2]

each_function = pytest.mark.parametrize("function", FLOORS)


@each_function
def test_every_module_has_bytecode_that_lambda_will_use(artifacts: Path, function: str) -> None:
    modules = sorted((artifacts / function).rglob("*.py"))

    assert modules
    assert [module for module in modules if not has_bytecode(module)] == []


@each_function
def test_no_other_bytecode_is_shipped(artifacts: Path, function: str) -> None:
    tags = {file.suffixes[-2] for file in (artifacts / function).rglob("*.pyc")}
    assert tags == {".cpython-313"}


@each_function
def test_bytecode_names_the_path_that_the_source_has_in_lambda(
    artifacts: Path, function: str
) -> None:
    handler = artifacts / function / APPS[function] / "__pycache__" / "handler.cpython-313.pyc"
    assert f"/var/task/{APPS[function]}/handler.py".encode() in handler.read_bytes()


@each_function
def test_a_function_ships_only_the_floors_it_stands_on(artifacts: Path, function: str) -> None:
    shipped = {folder.name for folder in (artifacts / function).iterdir()}
    assert shipped & OUR_OWN == FLOORS[function]


@each_function
def test_a_function_ships_exactly_its_own_requirements(artifacts: Path, function: str) -> None:
    requirements = ROOT / "functions" / APPS[function] / "requirements.txt"
    pinned = {
        line.split()[0] for line in requirements.read_text().splitlines() if line[:1].isalnum()
    }

    assert {f"{name(dist)}=={dist.version}" for dist in shipped_in(artifacts / function)} == pinned


def test_fastapi_finds_what_holds_opentelemetrys_context(artifacts: Path) -> None:
    entry_points = [
        entry_point.group
        for dist in shipped_in(artifacts / "FastApiFunction")
        for entry_point in dist.entry_points
    ]
    assert "opentelemetry_context" in entry_points


@each_function
@pytest.mark.parametrize("pattern", ["requirements.*", "Makefile", "bin", "*.pyi", "RECORD"])
def test_what_nothing_reads_at_run_time_is_left_out(
    artifacts: Path, function: str, pattern: str
) -> None:
    assert list((artifacts / function).rglob(pattern)) == []


def has_bytecode(module: Path) -> bool:
    bytecode = module.parent / "__pycache__" / f"{module.stem}.cpython-313.pyc"
    return bytecode.exists() and bytecode.read_bytes()[:8] == PYTHON_3_13_MAGIC + UNCHECKED_HASH


def shipped_in(artifact: Path) -> list[Distribution]:
    return list(distributions(path=[str(artifact)]))


def name(dist: Distribution) -> str:
    return dist.metadata["Name"].lower().replace("_", "-").replace(".", "-")
