"""Pages of other origins: both the preflight and the functions refuse their visitors' browsers."""

import pytest

from expanded import expanded
from problems import problem

ALLOW = "Access-Control-Allow-Origin"
STRANGER = {"Origin": "https://evil.example"}


def preflights(origins):
    """The gateway's headers for browsers, by path."""
    paths = expanded(AllowedOrigins=origins)["Api"]["Properties"]["Body"]["paths"]
    answers = {
        path: methods["options"]["x-amazon-apigateway-integration"]["responses"] for path, methods in paths.items()
    }
    return {
        path: told["default"]["responseParameters"][f"method.response.header.{ALLOW}"] for path, told in answers.items()
    }


def answers_of_the_gateway(origins):
    """The headers of the answers that the gateway makes itself."""
    told = expanded(AllowedOrigins=origins)["Api"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
    return {kind: answer["responseParameters"].get(f"gatewayresponse.header.{ALLOW}") for kind, answer in told.items()}


def test_by_default_no_page_passes_a_preflight():
    told = preflights("")
    assert "/login" in told and len(told) > 15
    assert set(told.values()) == {"'https://cors.invalid'"}, told
    assert set(answers_of_the_gateway("").values()) == {None}


@pytest.mark.parametrize(
    "origins", ["*", "https://app.example.com", "https://app.example.com, https://ops.example.com"]
)
def test_with_origins_pages_may_ask_and_the_functions_say_which(origins):
    assert set(preflights(origins).values()) == {"'*'"}
    functions = [one for one in expanded(AllowedOrigins=origins).values() if one["Type"] == "AWS::Lambda::Function"]
    assert functions
    for function in functions:
        assert function["Properties"]["Environment"]["Variables"]["ALLOWED_ORIGINS"] in (
            origins,
            {"Ref": "AllowedOrigins"},
        )


@pytest.mark.parametrize("path", ["/login", "/signup", "/password/forgot"])
def test_nothing_is_done_for_the_page_of_a_stranger(stack, path):
    # Without the header, each of these answers names the missing fields.
    problem(stack.call("POST", path, json={}), 422, "invalid")
    answer = stack.call("POST", path, json={}, headers=STRANGER)
    problem(answer, 403, "forbidden")
    assert ALLOW not in answer.headers


def test_a_good_token_does_not_help_the_page_of_a_stranger(stack, shared_town):
    ana = shared_town.customer("Ana")
    assert stack.call("GET", "/me", token=ana.token).status_code == 200
    problem(stack.call("GET", "/me", token=ana.token, headers=STRANGER), 403, "forbidden")
