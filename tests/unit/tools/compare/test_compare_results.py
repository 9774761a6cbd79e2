import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tools.compare.canned import all_samples, whole_run
from tools.compare.columnar import columns, rounded, samples_of
from tools.compare.results import NoResults, load
from tools.compare.samples import Sample

SIZES = st.none() | st.integers(1, 500)
SAMPLES = st.builds(
    Sample,
    arena=st.sampled_from(["lambda", "server", "core"]),
    measure=st.sampled_from(["warm", "fan-out"]),
    variant=st.sampled_from(["fastapi", "flask", "gevent"]),
    metric=st.sampled_from(["client_ms", "limit_ms"]),
    value=st.floats(allow_nan=False, allow_infinity=False).map(rounded),
    round=st.integers(1, 20),
    packages=SIZES,
    latency_ms=SIZES,
    concurrency=SIZES,
    memory_mb=SIZES,
)


@given(st.lists(SAMPLES))
def test_every_sample_survives_the_file(samples: list[Sample]) -> None:
    again = samples_of(json.loads(json.dumps(columns(samples))))
    assert sorted(map(repr, again)) == sorted(map(repr, samples))


def test_the_order_within_a_round_survives() -> None:
    samples = [Sample("core", "fan-out", "flask", "client_ms", value, 1) for value in (3, 1, 2)]
    assert [sample.value for sample in samples_of(columns(samples))] == [3, 1, 2]


def test_results_can_be_read_again(tmp_path: Path) -> None:
    results = whole_run()
    results.save(tmp_path)

    again = load(tmp_path)

    assert again.as_json() == results.as_json()
    assert len(again.samples) == len(list(all_samples()))


def test_no_folder_of_the_machine_is_in_the_file(tmp_path: Path) -> None:
    file = whole_run().save(tmp_path)
    assert str(tmp_path) not in file.read_text()
    assert "nowhere" not in file.read_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Invalid JSON"),
        ("{}", "complete: Field required"),
        ('{"schema_version": 2}', "schema_version: Input should be 1"),
    ],
)
def test_what_is_no_results_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(NoResults, match=words):
        load(tmp_path)


def test_a_wrong_sample_is_refused_in_words(tmp_path: Path) -> None:
    whole = json.loads(whole_run().as_json())
    whole["samples"][0]["arena"] = "moon"
    with pytest.raises(NoResults, match="arena"):
        load(written(whole, tmp_path))


def test_a_folder_without_results_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(NoResults, match=r"results\.json: No such file"):
        load(tmp_path)


def written(whole: dict[str, Any], folder: Path) -> Path:
    file = folder / "results.json"
    file.write_text(json.dumps(whole))
    return file
