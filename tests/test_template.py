"""Properties of template.yaml and samconfig.toml that matter on AWS and do not show on the local stack."""

import pytest
from samcli.lib.config.samconfig import SamConfig
from samcli.yamlhelper import yaml_dump, yaml_parse

from expanded import ROOT, TEMPLATE, expanded
from resources import (
    LIST,
    OF_EACH_CONSUMER,
    OF_EACH_FUNCTION,
    OF_EACH_QUEUE,
    consumers,
    functions,
    queues,
    resources,
)


def test_the_template_has_the_resources_of_the_list():
    listed, found = LIST.read_text().splitlines(), resources()
    missing, new = sorted(set(listed) - set(found)), sorted(set(found) - set(listed))
    assert listed == found, (
        f"missing from template.yaml: {missing}; missing from {LIST.name}: {new}. "
        "If the template is right, run `make resources` and commit the list."
    )


@pytest.mark.parametrize(
    ("names", "parts"),
    [(functions, OF_EACH_FUNCTION), (consumers, OF_EACH_CONSUMER), (queues, OF_EACH_QUEUE)],
    ids=["function", "consumer", "queue"],
)
def test_none_lacks_what_all_others_have(names, parts):
    """The list has one line for all of them, such as `<Function>FunctionRole`."""
    wanted = {f"{name}{part}" for name in names() for part in parts}
    assert wanted, "the template has some"
    assert sorted(wanted - set(expanded())) == [], "these are missing: see the loops at the end of template.yaml"


def test_each_function_has_the_name_of_its_resource():
    """An alarm, a log group and a metric of a function are found by this name."""
    functions = {
        name: one["Properties"] for name, one in expanded().items() if one["Type"] == "AWS::Lambda::Function"
    }
    assert {name: one["FunctionName"] for name, one in functions.items()} == {
        name: f"waybill-{name.removesuffix('Function')}" for name in functions
    }


def test_each_binary_is_a_function_of_the_same_name():
    built = {
        name.removesuffix("Function"): one["Metadata"]["BuildProperties"]["Binary"]
        for name, one in TEMPLATE["Resources"].items()
        if isinstance(one, dict) and one["Type"] == "AWS::Serverless::Function"
    }
    assert {"".join(word.title() for word in binary.split("-")): binary for binary in built.values()} == built
    assert sorted(built.values()) == sorted(path.stem for path in (ROOT / "functions" / "src" / "bin").iterdir())


def test_a_failed_first_deployment_does_not_block_the_next():
    """A bucket with a fixed name that a rollback keeps would make each later creation fail."""
    named = {name: one for name, one in expanded().items() if "BucketName" in one.get("Properties", {})}
    assert set(named) == {"UploadsBucket"}
    for bucket in named.values():
        assert bucket["DeletionPolicy"] == "RetainExceptOnCreate", "later the bucket is kept: it holds personal data"
        assert bucket["UpdateReplacePolicy"] == "Retain"


def test_a_late_log_line_does_not_block_the_next_deployment():
    """It creates its log group again after the stack is gone. A group with a fixed name would then exist already."""
    groups = {name: one for name, one in expanded().items() if one["Type"] == "AWS::Logs::LogGroup"}
    assert groups
    assert [name for name, group in groups.items() if "LogGroupName" in group["Properties"]] == []


def test_no_table_pays_for_a_key_that_adds_nothing():
    """Without this setting DynamoDB encrypts with a key of its own, for free."""
    tables = [one["Properties"] for one in expanded().values() if one["Type"] == "AWS::DynamoDB::Table"]
    assert tables and not [table for table in tables if "SSESpecification" in table]


def test_a_changed_cors_setting_reaches_the_stage():
    """Otherwise SAM makes a new deployment of the API only if its text changes, and not if a parameter does."""
    assert TEMPLATE["Resources"]["Api"]["Properties"]["AlwaysDeploy"] is True


def test_detailed_metrics_of_the_api_are_wanted_or_not_there():
    for wanted in ("true", "false"):
        settings = expanded(DetailedApiMetrics=wanted)["Apiv1Stage"]["Properties"]["MethodSettings"]
        assert {one["MetricsEnabled"] for one in settings} == {wanted == "true"}


def test_lambda_keeps_each_line_that_rust_log_lets_through():
    for name, one in expanded(LogFilter="debug").items():
        if one["Type"] == "AWS::Lambda::Function":
            assert one["Properties"]["LoggingConfig"]["ApplicationLogLevel"] == "TRACE", name
            assert "LogGroup" in one["Properties"]["LoggingConfig"], name


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_build_and_deployment_have_the_same_parameters(environment):
    config = SamConfig(ROOT)
    build, deploy = (config.get_all([command], "parameters", environment) for command in ("build", "deploy"))
    assert build["parameter_overrides"] == deploy["parameter_overrides"]
    assert build["language_extensions"] is deploy["language_extensions"] is True
    # A plain `sam build`, for the local stack, differs only in the parameters of the template.
    assert config.get_all(["build"], "parameters") == {name: build[name] for name in ("cached", "language_extensions")}


def test_a_path_that_does_not_exist_gets_404_with_and_without_a_token():
    answers = expanded()["Api"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
    assert answers["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"
    assert answers["INVALID_SIGNATURE"] == answers["MISSING_AUTHENTICATION_TOKEN"]


def test_without_a_window_lambda_accepts_at_most_ten_messages():
    assert expanded(OptimizationWindowSeconds="0")["OptimizationSource"]["Properties"]["BatchSize"] <= 10


def test_cloudformation_gets_no_anchors():
    """CloudFormation does not accept them. `sam build` writes each repeated part out."""

    written = yaml_dump(TEMPLATE)
    assert yaml_parse(written) == TEMPLATE
    assert not [line for line in written.splitlines() if "<<:" in line or line.strip().startswith(("&", "*"))]
