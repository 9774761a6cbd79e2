"""How large an artifact is, and that a twin has one artifact however it fans out."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools.compare.lambda_arena.artifacts import (
    measure_artifacts,
    unzipped_bytes,
    zipped_bytes,
)
from tools.compare.plan import Plan

if TYPE_CHECKING:
    from tools.compare.samples import Sample


@pytest.fixture
def built(tmp_path: Path) -> Path:
    resources = {}
    for function, size in (("FastApiFunction", 300_000), ("FlaskFunction", 200_000)):
        package = tmp_path / function / "package"
        package.mkdir(parents=True)
        (package / "module.py").write_bytes(b"x" * size)
        resources[function] = {"Properties": {"CodeUri": function}}
    (tmp_path / "template.yaml").write_text(json.dumps({"Resources": resources}))
    return tmp_path


def test_unzipped_it_is_the_sum_of_its_files(built: Path) -> None:
    (built / "FlaskFunction" / "handler.py").write_bytes(b"y" * 17)
    assert unzipped_bytes(built / "FlaskFunction") == 200_017


def test_zipped_it_is_deflated(built: Path) -> None:
    assert 200 < zipped_bytes(built / "FlaskFunction") < 2_000


def test_each_variant_has_both_sizes_once(built: Path) -> None:
    recorded: list[Sample] = []
    variants = ("fastapi", "flask", "flask-threads")
    plan = Plan(("lambda",), variants, (1,), (50,), (1,), 3, quick=False, output=built)

    measure_artifacts(plan, built, recorded.append)

    unzipped = [one for one in recorded if one.metric == "unzipped_bytes"]
    assert [(one.variant, one.value) for one in unzipped] == [
        ("fastapi", 300_000),
        ("flask", 200_000),
        ("flask-threads", 200_000),
    ]
    assert {(one.measure, one.round) for one in recorded} == {("artifact", 1)}
    assert len(recorded) == 6
