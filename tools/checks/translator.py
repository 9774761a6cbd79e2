"""Runs in SAM's own environment: the template as SAM's translator transforms it, as JSON on stdout.

Its first argument is the template, its second the parameters' values as JSON. What AWS does with a
template when it is deployed, this does here: it asks no account and no network.
"""

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace


def main() -> None:
    """Print the transformed template."""
    # SAM's environment has these and the project's has not.
    yaml_parse = import_module("samcli.yamlhelper").yaml_parse
    transform = import_module("samtranslator.translator.transform").transform
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
    template = yaml_parse(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # As it is once `sam package` has put the artifact there.
            resource["Properties"]["CodeUri"] = "s3://bucket/artifact"
    no_managed_policies = SimpleNamespace(load=dict)
    json.dump(
        transform(template, json.loads(sys.argv[2]), no_managed_policies), sys.stdout, indent=1
    )


if __name__ == "__main__":
    main()
