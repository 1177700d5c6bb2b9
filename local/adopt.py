"""Writes the two files with which CloudFormation adopts kept tables and a kept user pool into a new stack.

    .venv/bin/python local/adopt.py out/ UsersTable=waybill-UsersTable-1ABC … UserPool=eu-central-1_ABC123 …

`out/template.yaml` has these resources of template.yaml alone, and `out/resources.json` names the existing ones.
docs/OPERATIONS.md has the steps around it.
"""

import json
import sys
from pathlib import Path

from samcli.yamlhelper import yaml_dump, yaml_parse

ROOT = Path(__file__).resolve().parent.parent
# What CloudFormation needs to find a resource of each type. A `/` separates the parts of an identifier.
IDENTIFIERS = {
    "AWS::DynamoDB::Table": ["TableName"],
    "AWS::Cognito::UserPool": ["UserPoolId"],
    "AWS::Cognito::UserPoolClient": ["UserPoolId", "ClientId"],
    "AWS::Cognito::UserPoolGroup": ["UserPoolId", "GroupName"],
}


def adopted(template, names):
    """The template with the named resources alone, and the list of the existing ones."""
    resources = {name: template["Resources"][name] for name in names}
    lean = {name: part for name, part in template.items() if name in ("AWSTemplateFormatVersion", "Description")}
    # Resources refer to parameters and conditions, and not to what is left out.
    lean |= {"Parameters": template["Parameters"], "Conditions": template["Conditions"], "Resources": resources}
    told = []
    for name, identifier in names.items():
        kind = resources[name]["Type"]
        parts = dict(zip(IDENTIFIERS[kind], identifier.split("/"), strict=True))
        told.append({"ResourceType": kind, "LogicalResourceId": name, "ResourceIdentifier": parts})
    return lean, told


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    out, names = Path(sys.argv[1]), dict(one.split("=", 1) for one in sys.argv[2:])
    lean, told = adopted(yaml_parse((ROOT / "template.yaml").read_text()), names)
    out.mkdir(parents=True, exist_ok=True)
    (out / "template.yaml").write_text(yaml_dump(lean))
    (out / "resources.json").write_text(json.dumps(told, indent=2) + "\n")
    print(f"{out / 'template.yaml'} and {out / 'resources.json'} have {len(told)} resources")


if __name__ == "__main__":
    main()
