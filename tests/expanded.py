"""The resources of template.yaml as CloudFormation sees them: after both transforms, for given parameters."""

import json
from pathlib import Path

import boto3
from samcli.lib.cfn_language_extensions.sam_integration import expand_language_extensions
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text())

PSEUDO_PARAMETERS = {
    "AWS::StackName": "waybill",
    "AWS::Region": "eu-central-1",
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}


def expanded(**parameters):
    """The resources of the template, with default parameters unless others are given."""
    values = {name: parameter["Default"] for name, parameter in TEMPLATE["Parameters"].items()}
    values |= PSEUDO_PARAMETERS | parameters
    template = expand_language_extensions(TEMPLATE, values, enabled=True).expanded_template
    # A copy of its own for each part that the template repeats through an anchor: the second transform changes parts.
    template = json.loads(json.dumps(template))
    # The second transform must not see the first one, as on AWS.
    del template["Transform"]
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://artifacts/function"  # as after `sam package`
    region = PSEUDO_PARAMETERS["AWS::Region"]
    sam = Translator(None, Parser(), boto_session=boto3.Session(region_name=region))
    return sam.translate(template, values)["Resources"]


def accepts(rule, parameters):
    """Whether a rule of the template accepts these parameters. The others have their defaults."""
    rule = TEMPLATE["Rules"][rule]
    values = {name: parameter["Default"] for name, parameter in TEMPLATE["Parameters"].items()} | parameters
    return not _holds(rule["RuleCondition"], values) or all(_holds(one["Assert"], values) for one in rule["Assertions"])


def _holds(condition, values):
    """The value of a rule's condition."""
    ((function, told),) = condition.items()
    if function == "Ref":
        return values[told]
    parts = [_holds(one, values) if isinstance(one, dict) else one for one in told]
    return {
        "Fn::Equals": lambda: parts[0] == parts[1],
        "Fn::Not": lambda: not parts[0],
        "Fn::And": lambda: all(parts),
        "Fn::Or": lambda: any(parts),
    }[function]()


if __name__ == "__main__":
    # For `make checkov`, which cannot read the loops and anchors.
    print(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": expanded()}, indent=1))
