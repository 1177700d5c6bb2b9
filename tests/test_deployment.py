"""Deployment=canary: a new version gets a tenth of the work first, and alarms take it back."""

import pytest

from expanded import accepts, expanded

RELEASE = "3f2c1a9d0b113f2c1a9d0b113f2c1a9d0b11abcd"
GRADUAL = {"Lambda::Alias", "Lambda::Version", "CodeDeploy::Application", "CodeDeploy::DeploymentGroup"}


@pytest.fixture(scope="module")
def canary():
    return expanded(Deployment="canary", Release=RELEASE)


def of(resources, kind):
    return {name: one for name, one in resources.items() if one["Type"] == f"AWS::{kind}"}


def texts(part):
    """All texts in a part of a template."""
    if isinstance(part, dict):
        part = list(part.values())
    if isinstance(part, list):
        return [text for one in part for text in texts(one)]
    return [part] if isinstance(part, str) else []


def test_all_at_once_has_no_aliases():
    plain = expanded()
    assert not [kind for kind in GRADUAL if of(plain, kind)]
    sources = of(plain, "Lambda::EventSourceMapping").values()
    assert {one["Properties"]["FunctionName"]["Ref"] for one in sources} <= set(of(plain, "Lambda::Function"))


def test_each_function_is_deployed_gradually(canary):
    functions, aliases = of(canary, "Lambda::Function"), of(canary, "Lambda::Alias")
    assert {f"{name}Aliaslive" for name in functions} == set(aliases)
    updates = [one["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"] for one in aliases.values()]
    groups = {update["DeploymentGroupName"]["Ref"] for update in updates}
    assert groups == set(of(canary, "CodeDeploy::DeploymentGroup")) and len(groups) == len(functions)


def test_alarms_end_a_deployment(canary):
    alarms = of(canary, "CloudWatch::Alarm")
    for group in of(canary, "CodeDeploy::DeploymentGroup").values():
        told = [one["Name"]["Ref"] for one in group["Properties"]["AlarmConfiguration"]["Alarms"]]
        assert "ApiErrors" in told and set(told) <= set(alarms) and len(told) <= 10, "CodeDeploy takes ten alarms"
        assert group["Properties"]["AutoRollbackConfiguration"]["Enabled"] is True
        # A tenth of the work for longer than the two periods after which ApiErrors is raised.
        assert "Canary10Percent15Minutes" in texts(group["Properties"]["DeploymentConfigName"])


def test_event_sources_follow_the_alias(canary):
    """Queues, streams, the clock and the API call the alias. Otherwise they would run a new version at once."""
    aliases = set(of(canary, "Lambda::Alias"))
    sources = of(canary, "Lambda::EventSourceMapping")
    assert len(sources) >= 6
    for name, one in sources.items():
        assert one["Properties"]["FunctionName"]["Ref"] in aliases, name
    rules = of(canary, "Events::Rule")
    assert len(rules) == 2, "the clock, and uploaded pictures"
    for name, rule in rules.items():
        assert [target["Arn"]["Ref"] in aliases for target in rule["Properties"]["Targets"]] == [True], name
    for name, one in of(canary, "Lambda::Permission").items():
        assert one["Properties"]["FunctionName"]["Ref"] in aliases, name
    integrations = [text for text in texts(canary["Api"]["Properties"]["Body"]) if "/invocations" in text]
    called = {text.rpartition("${")[2].partition("}")[0].removesuffix(".Arn") for text in integrations}
    assert called and called <= aliases


def test_a_release_makes_a_new_version_of_each_function(canary):
    """Lambda freezes the settings of a version. SAM does not see that a parameter has another value."""
    later = expanded(Deployment="canary", Release="a" + RELEASE)
    functions, versions = of(canary, "Lambda::Function"), set(of(canary, "Lambda::Version"))
    assert len(versions) == len(functions) and not versions & set(of(later, "Lambda::Version"))


@pytest.mark.parametrize(
    ("parameters", "accepted"),
    [({}, True), ({"Deployment": "canary"}, False), ({"Deployment": "canary", "Release": RELEASE}, True)],
)
def test_a_canary_needs_a_release(parameters, accepted):
    assert accepts("CanaryHasRelease", parameters) == accepted
