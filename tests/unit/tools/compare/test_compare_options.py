from pathlib import Path

import pytest

from tools.compare.options import parse


def test_the_full_plan_is_the_default() -> None:
    plan = parse([]).plan

    assert plan.arenas == ("lambda", "server", "core")
    assert plan.variants == ("fastapi", "flask", "flask-threads")
    assert (plan.packages, plan.latencies_ms) == ((1, 5, 10, 25, 50), (50, 200, 500))
    assert (plan.concurrencies, plan.rounds, plan.quick) == ((1, 5, 10, 25, 50), 5, False)


def test_quick_is_less_of_everything_but_what_is_asked_for() -> None:
    plan = parse(["--quick", "--rounds", "1", "--packages", "5,1,5"]).plan

    assert (plan.packages, plan.latencies_ms) == ((1, 5), (200,))
    assert (plan.concurrencies, plan.rounds, plan.quick) == ((1, 10), 1, True)


def test_each_run_has_a_folder_of_its_own() -> None:
    output = parse([]).plan.output
    assert output.parent == Path(".cache/compare")
    assert output.name.startswith("20")


def test_a_list_is_in_the_usual_order_whatever_order_it_is_asked_in() -> None:
    plan = parse(["--arenas", "core,lambda", "--variants", "flask, fastapi"]).plan
    assert (plan.arenas, plan.variants) == (("lambda", "core"), ("fastapi", "flask"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--arenas", "lambda,moon"], "there is no arena 'moon'; there are lambda, server, core"),
        (["--variants", ""], "there is no variant ''; there are fastapi, flask, flask-threads"),
        (["--packages", "0"], "'0' is not a number from 1 to 50"),
        (["--packages", "51"], "'51' is not a number from 1 to 50"),
        (["--packages", "1,,5"], "'' is not a number from 1 to 50"),
        (["--latency", "-1"], "'-1' is not a number from 0"),
        (["--rounds", "two"], "'two' is not a number from 1"),
        (["--rounds", "²"], "'²' is not a number from 1"),
        (["--concurrency", "1.5"], "'1.5' is not a number from 1"),
        (["--into", "no-such-page.md"], "there is no file no-such-page.md"),
        (["--report", "a", "--agree", "a", "b"], "ask for one of them"),
        (["--agree", "a"], "expected 2 arguments"),
        (
            ["--report", "a", "--rounds", "3"],
            "--report measures nothing, so --rounds has no meaning",
        ),
        (["--agree", "a", "b", "--quick"], "--agree measures nothing, so --quick has no meaning"),
        (["--fast"], "unrecognized arguments: --fast"),
    ],
)
def test_what_there_is_not_is_refused_in_words(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        parse(arguments)

    assert refused.value.code == 2
    assert words in capsys.readouterr().err


def test_help_explains_every_word(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse(["--help"])

    assert left.value.code == 0
    told = capsys.readouterr().out
    for word in (
        "lambda ",
        "server ",
        "core ",
        "flask-threads ",
        "rounds",
        "--quick",
        "exit status",
    ):
        assert word in told
