"""Each exception to a checkov rule has a reason."""

from tests.unit.template.reading import Template


def test_every_checkov_skip_has_a_reason(everything_on: Template) -> None:
    skips = [
        skip
        for resource in everything_on["Resources"].values()
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]
    assert skips
    for skip in skips:
        assert skip["id"].startswith("CKV_AWS_")
        assert skip["comment"].endswith(".")
