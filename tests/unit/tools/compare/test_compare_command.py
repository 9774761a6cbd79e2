"""The command: what it leaves behind, however it ends."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.tools.compare.canned import all_samples
from tools.compare.__main__ import main
from tools.compare.arenas import Measurer
from tools.compare.markdown import report
from tools.compare.plan import Plan
from tools.compare.problems import MeasurementError
from tools.compare.results import load
from tools.compare.samples import Arena, Record, Sample, Say
from tools.runtime.machine import NeedError

FILES = {
    *("results.json", "report.md", "fan-out-light.svg", "fan-out-dark.svg"),
    *("load-light.svg", "load-dark.svg"),
}

pytestmark = pytest.mark.usefixtures("_signals_as_they_were")


@pytest.fixture
def _signals_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.compare.__main__.end_in_order_when_told_to", lambda: None)


def test_a_run_leaves_results_report_and_plots(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["--output", str(tmp_path)], arenas())

    assert status == 0
    assert {file.name for file in tmp_path.iterdir()} == FILES
    results = load(tmp_path)
    assert results.complete
    assert (tmp_path / "report.md").read_text() == report(results)
    told = capsys.readouterr()
    assert "One upstream call per request" in told.out
    assert "lambda is under way" in told.err


def test_ctrl_c_keeps_what_was_measured_until_then(tmp_path: Path) -> None:
    interrupted = arenas(server=raising(KeyboardInterrupt()))
    assert main(["--output", str(tmp_path), "--arenas", "server,core"], interrupted) == 130
    assert_kept(tmp_path)


@pytest.mark.parametrize("end", [SystemExit(143), OSError("full")], ids=["SIGTERM", "failure"])
def test_whatever_ends_it_keeps_what_was_measured_until_then(
    tmp_path: Path, end: BaseException
) -> None:
    ended = arenas(server=raising(end))
    with pytest.raises(type(end)):
        main(["--output", str(tmp_path), "--arenas", "server,core"], ended)
    assert_kept(tmp_path)


def test_an_arena_that_lacks_something_is_named_and_the_others_are_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = {"lambda": raising(NeedError("No Docker engine answers."))}

    status = main(["--output", str(tmp_path), "--arenas", "lambda,core"], arenas(**missing))

    assert status == 1
    assert load(tmp_path).missing == {"lambda": "No Docker engine answers."}
    assert {"core"} == {sample.arena for sample in load(tmp_path).samples}
    assert "not measured: lambda. No Docker engine answers." in capsys.readouterr().err


def test_an_arena_that_ends_early_keeps_its_samples_and_the_others_are_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    early = arenas(server=raising(MeasurementError("flask gave a wrong answer: 500")))

    status = main(["--output", str(tmp_path), "--arenas", "server,core"], early)

    assert status == 1
    results = load(tmp_path)
    why = "It ended early: flask gave a wrong answer: 500"
    assert (results.complete, results.missing) == (False, {"server": why})
    assert [one for one in results.samples if one.arena == "server"] == of_arena("server")[:1]
    assert {sample.arena for sample in results.samples} == {"server", "core"}
    assert why in (tmp_path / "report.md").read_text()
    told = capsys.readouterr()
    assert f"not measured: server. {why}" in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize(("load", "warned"), [(0.4, False), (1.0, False), (1.1, True)])
def test_other_work_on_the_machine_is_warned_of(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    load: float,
    warned: bool,
) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (load, 9, 9))
    monkeypatch.setattr("tools.compare.circumstances._cores", lambda: 2)

    main(["--output", str(tmp_path), "--arenas", "core"], arenas())

    assert ("other work is running" in capsys.readouterr().err) is warned


def test_the_load_before_and_after_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = iter([(0.25, 9, 9), (1.75, 9, 9)])
    monkeypatch.setattr("os.getloadavg", lambda: next(loads))

    main(["--output", str(tmp_path), "--arenas", "core"], arenas())

    machine = load(tmp_path).machine
    assert (machine.load_before, machine.load_after) == (0.25, 1.75)
    assert "load before: 0.25, after: 1.75" in (tmp_path / "report.md").read_text()


def test_an_arena_that_is_not_asked_for_is_not_missed(tmp_path: Path) -> None:
    missing = {"lambda": raising(NeedError("No Docker engine answers."))}
    status = main(["--output", str(tmp_path), "--arenas", "core"], arenas(**missing))
    assert status == 0


def test_a_report_can_be_made_again_with_nothing_measured(tmp_path: Path) -> None:
    main(["--output", str(tmp_path), "--arenas", "server"], arenas())
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    (tmp_path / "report.md").unlink()
    (tmp_path / "load-dark.svg").unlink()

    status = main(["--report", str(tmp_path)], arenas(core=raising(AssertionError())))

    assert status == 0
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_report_of_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--report", str(tmp_path)]) == 1
    assert "No such file" in capsys.readouterr().err


def test_two_runs_are_held_against_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    main(["--output", str(one), "--arenas", "core"], arenas())
    main(["--output", str(other), "--arenas", "core"], arenas(core=with_slower_flask))
    capsys.readouterr()

    assert main(["--agree", str(one), str(one)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "18 of 18 ratios agree within their printed spread."
    assert lines[1].endswith("0.14 would not by chance: no more than chance explains.")
    assert main(["--agree", str(one), str(other)]) == 1
    told = capsys.readouterr().out
    assert told.startswith("9 of 18 ratios agree within their printed spread.\n")
    assert "does not: The article's two functions, client's clock, `flask` (clients 1" in told


def assert_kept(folder: Path) -> None:
    results = load(folder)
    assert not results.complete
    assert results.samples == [of_arena("server")[0]]
    assert "Not completed" in (folder / "report.md").read_text()


Act = Callable[[Record], None]


def arenas(**acts: Act) -> Callable[[Arena], Measurer]:
    """Arenas that hand over canned samples at once, or do something else that is given by name."""

    def find(name: Arena) -> Measurer:
        def measure(plan: Plan, record: Record, say: Say) -> None:  # noqa: ARG001 - as arenas have it
            say(f"{name} is under way")
            if name in acts:
                acts[name](record)
                return
            for sample in of_arena(name):
                record(sample)

        return Measurer(measure, {"CACHE": "off"})

    return find


def raising(error: BaseException) -> Act:
    """Records one sample, if it is of the server, and raises."""

    def act(record: Record) -> None:
        if not isinstance(error, NeedError):
            record(of_arena("server")[0])
        raise error

    return act


def with_slower_flask(record: Record) -> None:
    for sample in of_arena("core"):
        slower = 1.5 if sample.variant == "flask" else 1
        record(
            Sample(
                *("core", "fan-out", sample.variant, sample.metric),
                sample.value * slower,
                sample.round,
                concurrency=sample.concurrency,
                latency_ms=sample.latency_ms,
            )
        )


def of_arena(name: Arena) -> list[Sample]:
    return [sample for sample in all_samples() if sample.arena == name]
