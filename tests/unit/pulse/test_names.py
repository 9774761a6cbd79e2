"""Validation and normalisation of package names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import InvalidName, canonicalize_name
from pydantic import BaseModel

from pulse.names import MAX_LENGTH, InvalidPackageName, PackageName

ASCII_NAME = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,30}[A-Za-z0-9])?", fullmatch=True)
NEARLY_NAMES = st.text(alphabet="aZ09._- \n/%é٣", max_size=12)


class Asked(BaseModel):
    package: PackageName


@given(ASCII_NAME)
def test_valid_name_is_normalised_as_by_packaging(name: str) -> None:
    assert str(PackageName.parse(name)) == str(canonicalize_name(name))


@given(ASCII_NAME)
def test_normalising_is_idempotent(name: str) -> None:
    once = PackageName.parse(name)
    assert PackageName.parse(once) == once


@given(NEARLY_NAMES)
def test_validity_matches_packaging(text: str) -> None:
    try:
        expected: str | None = canonicalize_name(text, validate=True)
    except InvalidName:
        expected = None
    try:
        actual: str | None = PackageName.parse(text)
    except InvalidPackageName:
        actual = None
    assert actual == expected


@pytest.mark.parametrize(
    "text",
    ["", " ", "../../etc", "a/b", "-requests-", "😀", "requests\n", "٣", "a b", "__ALL__", "é"],
)
def test_invalid_names_are_refused(text: str) -> None:
    with pytest.raises(InvalidPackageName, match="ASCII letters"):
        PackageName.parse(text)


def test_longest_allowed_name() -> None:
    assert len(PackageName.parse("a" * MAX_LENGTH)) == MAX_LENGTH
    with pytest.raises(InvalidPackageName, match="at most 200 characters; this one has 201"):
        PackageName.parse("a" * (MAX_LENGTH + 1))


def test_all_of_pypi_is_not_normalised() -> None:
    assert PackageName.parse("__all__") == "__all__"


def test_model_field_normalises_and_documents_name() -> None:
    assert Asked(package="Typing_Extensions").package == "typing-extensions"
    assert Asked.model_json_schema()["properties"]["package"] == {
        "title": "Package",
        "type": "string",
        "pattern": "^(__all__|[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)$",
        "minLength": 1,
        "maxLength": MAX_LENGTH,
    }
