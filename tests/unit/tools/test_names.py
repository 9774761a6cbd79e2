"""The ranking of names that the website suggests."""

from pathlib import Path

import pytest

from pulse.names import PackageName
from tools import names


def test_committed_names_are_valid_and_distinct() -> None:
    listed = names.FILE.read_text(encoding="utf-8").splitlines()
    assert len(listed) > 100
    assert len(set(listed)) == len(listed) <= names.MOST
    assert [PackageName.parse(name) for name in listed] == listed


def test_ranking_normalises_and_keeps_the_order() -> None:
    assert names.ranked(["Boto3", "-x-", "typing_extensions", "boto3"]) == [
        "boto3",
        "typing-extensions",
    ]


def test_unreachable_ranking_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(names, "URL", "http://127.0.0.1:1/")
    monkeypatch.setattr(names, "FILE", tmp_path / "names.txt")
    assert names.main([]) == 1
    assert not names.FILE.exists()
    assert "stays as it is" in capsys.readouterr().err


def test_unusable_proxy_is_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("https_proxy", "no_proxy"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("all_proxy", "socks5://h:1")
    assert names.main([]) == 1
    assert "can't be used (all_proxy='socks5://h:1': " in capsys.readouterr().err


def test_invented_ranking_has_no_invented_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(names, "FILE", tmp_path / "names.txt")
    assert names.main(["--invented"]) == 0
    listed = names.FILE.read_text(encoding="utf-8").splitlines()
    assert listed[:2] == ["boto3", "typing-extensions"]
    assert not any(name.startswith(("pulse-", "_")) for name in listed)
