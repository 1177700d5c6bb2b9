"""template.yaml as it is written, and as CloudFormation gets it: both transforms done, for given parameters."""

import copy
from pathlib import Path

import boto3
from samcli.lib.cfn_language_extensions.sam_integration import expand_language_extensions
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text())
AROUND = {
    "AWS::StackName": "waybill",
    "AWS::Region": "eu-central-1",
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}


def expanded(**parameters):
    """The template's resources. As on AWS, what the first transform leaves out the second has never seen."""
    told = {name: about["Default"] for name, about in TEMPLATE["Parameters"].items()} | AROUND | parameters
    template = copy.deepcopy(expand_language_extensions(TEMPLATE, told, enabled=True).expanded_template)
    del template["Transform"]
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://artifacts/function"  # as `sam package` has it
    sam = Translator(None, Parser(), boto_session=boto3.Session(region_name=AROUND["AWS::Region"]))
    return sam.translate(template, told)["Resources"]
