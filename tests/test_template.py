"""What AWS makes of template.yaml and samconfig.toml where the local stack shows no difference."""

import pytest
from samcli.lib.config.samconfig import SamConfig

from expanded import ROOT, expanded


def test_a_deployment_that_failed_does_not_stand_in_the_way_of_the_next():
    """What is kept when its creation is rolled back is there the next time, and a name that is taken is an error."""
    named = {name: one for name, one in expanded().items() if "BucketName" in one.get("Properties", {})}
    assert set(named) == {"UploadsBucket"}
    for bucket in named.values():
        assert bucket["DeletionPolicy"] == "RetainExceptOnCreate", "kept otherwise: it holds people's data"
        assert bucket["UpdateReplacePolicy"] == "Retain"


def test_lambda_drops_no_line_that_rust_log_lets_through():
    for name, one in expanded(LogFilter="debug").items():
        if one["Type"] == "AWS::Lambda::Function":
            assert one["Properties"]["LoggingConfig"]["ApplicationLogLevel"] == "TRACE", name
            assert "LogGroup" in one["Properties"]["LoggingConfig"], name


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_what_is_built_is_what_is_deployed(environment):
    config = SamConfig(ROOT)
    build, deploy = (config.get_all([command], "parameters", environment) for command in ("build", "deploy"))
    assert build["parameter_overrides"] == deploy["parameter_overrides"]
    assert build["language_extensions"] is deploy["language_extensions"] is True
    # Plain `sam build` is the local stack's, and else the same.
    assert config.get_all(["build"], "parameters") == {name: build[name] for name in ("cached", "language_extensions")}


def test_a_path_that_is_not_there_is_not_there_for_who_has_a_token_either():
    answers = expanded()["Api"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
    assert answers["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"
    assert answers["INVALID_SIGNATURE"] == answers["MISSING_AUTHENTICATION_TOKEN"]


def test_without_a_window_lambda_takes_no_more_than_ten_messages():
    assert expanded(OptimizationWindowSeconds="0")["OptimizationSource"]["Properties"]["BatchSize"] <= 10
