"""What `sam build` puts into each function's artifact, and what it leaves out."""

import json
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest

from tools import ROOT
from tools.runtime.machine import Machine

PYTHON_3_13_MAGIC = b"\xf3\r\r\n"
UNCHECKED_HASH = b"\x01\0\0\0"
FLOORS = {
    "FastApiFunction": {"pulse", "pulse_io", "apigateway", "fastapi_app"},
    "FlaskFunction": {"pulse", "apigateway", "flask_app"},
    "CollectorFunction": {"pulse", "pulse_io", "collector"},
}
OUR_OWN = {"pulse", "pulse_io", "apigateway", "fastapi_app", "flask_app", "collector"}
APPS = {
    "FastApiFunction": "fastapi_app",
    "FlaskFunction": "flask_app",
    "CollectorFunction": "collector",
}

# Runs isolated and without site-packages: only the artifact and the standard library are on the path.
INVOCATION = """
import importlib, json, sys, sysconfig

sys.path.insert(0, "/var/task")
try:
    answer = importlib.import_module(sys.argv[1]).handler(json.loads(sys.argv[2]), None)["statusCode"]
except ValueError as error:
    answer = type(error).__name__
files = [file for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))]
homes = ("/var/task/", sysconfig.get_path("stdlib") + "/")
outside = sorted(file for file in files if not file.startswith(homes))
own = sum(file.startswith(homes[0]) for file in files)
print(json.dumps({"answer": answer, "outside": outside, "own": own}))
"""
ANSWERS = {"FastApiFunction": 200, "FlaskFunction": 200, "CollectorFunction": "NotASchedule"}
"""To events/health.json, by a function that has imported all that it needs."""

each_function = pytest.mark.parametrize("function", FLOORS)


@each_function
def test_every_module_has_bytecode(artifacts: Path, function: str) -> None:
    modules = sorted((artifacts / function).rglob("*.py"))

    assert modules
    assert [module for module in modules if not has_bytecode(module)] == []


@each_function
def test_no_other_bytecode_is_shipped(artifacts: Path, function: str) -> None:
    tags = {file.suffixes[-2] for file in (artifacts / function).rglob("*.pyc")}
    assert tags == {".cpython-313"}


@each_function
def test_bytecode_names_path_in_lambda(artifacts: Path, function: str) -> None:
    handler = artifacts / function / APPS[function] / "__pycache__" / "handler.cpython-313.pyc"
    assert f"/var/task/{APPS[function]}/handler.py".encode() in handler.read_bytes()


@each_function
def test_function_ships_only_its_own_packages(artifacts: Path, function: str) -> None:
    shipped = {folder.name for folder in (artifacts / function).iterdir()}
    assert shipped & OUR_OWN == FLOORS[function]


@each_function
def test_function_ships_exactly_its_requirements(artifacts: Path, function: str) -> None:
    requirements = ROOT / "functions" / APPS[function] / "requirements.txt"
    pinned = {
        line.split()[0] for line in requirements.read_text().splitlines() if line[:1].isalnum()
    }

    assert {f"{name(dist)}=={dist.version}" for dist in shipped_in(artifacts / function)} == pinned


def test_fastapi_finds_context_of_opentelemetry(artifacts: Path) -> None:
    entry_points = [
        entry_point.group
        for dist in shipped_in(artifacts / "FastApiFunction")
        for entry_point in dist.entry_points
    ]
    assert "opentelemetry_context" in entry_points


@each_function
@pytest.mark.parametrize("pattern", ["requirements.*", "Makefile", "bin", "*.pyi", "RECORD"])
def test_files_not_read_at_run_time_are_left_out(
    artifacts: Path, function: str, pattern: str
) -> None:
    assert list((artifacts / function).rglob(pattern)) == []


@each_function
def test_function_needs_nothing_outside_its_artifact(
    artifacts: Path, image: str, machine: Machine, function: str
) -> None:
    ran = machine.run(
        *("docker", "run", "--rm", "--network", "none", "--read-only"),
        *("--volume", f"{artifacts / function}:/var/task:ro", "--env", "AWS_REGION=eu-central-1"),
        *(
            "--env",
            "CACHE_TABLE=table",
            "--env",
            "AWS_ACCESS_KEY_ID=a",
            "--env",
            "AWS_SECRET_ACCESS_KEY=b",
        ),
        *("--entrypoint", "python3.13", image, "-I", "-S", "-c", INVOCATION),
        *(f"{APPS[function]}.handler", (ROOT / "events/health.json").read_text()),
    )
    assert ran.succeeded, ran.stderr
    told = json.loads(ran.stdout.splitlines()[-1])
    assert (told["answer"], told["outside"]) == (ANSWERS[function], [])
    assert told["own"] > 100


@pytest.mark.parametrize("folder", ["fastapi_app/static", "fastapi_swagger/resources"])
def test_static_files_are_shipped_compressed(artifacts: Path, folder: str) -> None:
    suffixes = {file.suffix for file in (artifacts / "FastApiFunction" / folder).iterdir()}
    assert ".gz" in suffixes
    assert not suffixes & {".css", ".js", ".txt"}


def test_only_the_two_fonts_of_previews_are_shipped(artifacts: Path) -> None:
    fonts = (artifacts / "FastApiFunction" / "font_source_sans_pro").rglob("*.[ot]tf")
    assert {font.stem for font in fonts} == {"SourceSansPro-Regular", "SourceSansPro-Semibold"}


def has_bytecode(module: Path) -> bool:
    bytecode = module.parent / "__pycache__" / f"{module.stem}.cpython-313.pyc"
    return bytecode.exists() and bytecode.read_bytes()[:8] == PYTHON_3_13_MAGIC + UNCHECKED_HASH


def shipped_in(artifact: Path) -> list[Distribution]:
    return list(distributions(path=[str(artifact)]))


def name(dist: Distribution) -> str:
    return dist.metadata["Name"].lower().replace("_", "-").replace(".", "-")
