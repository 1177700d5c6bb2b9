"""Cognito's own API, called past ours with all that a client holds: every call is refused.

Cognito serves 32 operations to callers without AWS credentials. botocore's model of the service names them, so a new
one needs a row here. local/stack/cognito_rules.py adds what MiniStack does not check.
"""

import base64
import hashlib
import hmac

import boto3
import botocore.session
import pytest
from botocore import UNSIGNED, xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from problems import problem
from test_policies import RESOURCES
from waybill_client import PASSWORD, claims, expect

MODEL = botocore.session.get_session().get_service_model("cognito-idp")
OPEN = {name for name in MODEL.operation_names if MODEL.operation_model(name).auth_type == "none"}
FLOWS = MODEL.shape_for("AuthFlowType").enum
NEW_PASSWORD = "Better-horse-43-battery"
ATTRIBUTE = {"AttributeName": "email"}
DEVICE = {"DeviceKey": "eu-central-2_5a7c0a4e-7b5f-4a3a-9f0e-1d2c3b4a5f60"}
# The operations that need a token of the user: what they need beside it.
WITH_A_TOKEN = {
    "AssociateSoftwareToken": {},
    "ChangePassword": {"PreviousPassword": PASSWORD, "ProposedPassword": NEW_PASSWORD},
    "CompleteWebAuthnRegistration": {"Credential": {}},
    "ConfirmDevice": DEVICE,
    "DeleteUser": {},
    "DeleteUserAttributes": {"UserAttributeNames": ["name"]},
    "DeleteWebAuthnCredential": {"CredentialId": "x"},
    "ForgetDevice": DEVICE,
    "GetDevice": DEVICE,
    "GetUser": {},
    "GetUserAttributeVerificationCode": ATTRIBUTE,
    "GetUserAuthFactors": {},
    "GlobalSignOut": {},
    "ListDevices": {},
    "ListWebAuthnCredentials": {},
    "SetUserMFAPreference": {},
    "SetUserSettings": {"MFAOptions": []},
    "StartWebAuthnRegistration": {},
    "UpdateDeviceStatus": DEVICE,
    "UpdateUserAttributes": {"UserAttributes": [{"Name": "email", "Value": "thief@example.com"}]},
    "VerifySoftwareToken": {"UserCode": "123456"},
    "VerifyUserAttribute": ATTRIBUTE | {"Code": "246810"},
}
# The operations that an app client answers for: what they need beside the id of the client.
WITH_THE_CLIENT = {
    "ConfirmForgotPassword": {"ConfirmationCode": "654321", "Password": NEW_PASSWORD},
    "ConfirmSignUp": {"ConfirmationCode": "123456"},
    "ForgotPassword": {},
    "ResendConfirmationCode": {},
    "SignUp": {"Password": PASSWORD},
}
# Those with the name of the user in a member of their own are above. These have rows of their own below.
OTHERS = {"InitiateAuth", "RespondToAuthChallenge", "GetTokensFromRefreshToken", "RevokeToken"}
# Feedback on a log-in, with a token that Cognito mails if threat protection is on. It changes no account.
NO_ACCOUNT_CHANGES = {"UpdateAuthEventFeedback"}
ADMIN = ("AdminDeleteUser", "AdminGetUser", "AdminUserGlobalSignOut", "AdminDisableUser", "AdminConfirmSignUp")


@pytest.fixture(scope="module")
def cognito(stack):
    """Somebody on the internet, without credentials."""
    config = Config(signature_version=UNSIGNED)
    return boto3.client("cognito-idp", region_name=stack.environment["AWS_REGION"], config=config)


@pytest.fixture(scope="module")
def ana(shared_town):
    """A customer. `held` is all that the API has answered to her log-in and to a refresh."""
    person = shared_town.customer("Ana")
    login = expect(person.log_in(), 200)
    renewed = shared_town.stack.call("POST", "/token/refresh", json={"refresh_token": login["refresh_token"]})
    person.held = {f"{name} of the log-in": value for name, value in login.items() if name.endswith("token")}
    person.held |= {f"{name} of the refresh": value for name, value in expect(renewed, 200).items() if "token" in name}
    person.client_id = shared_town.stack.environment["USER_POOL_CLIENT_ID"]
    return person


@pytest.fixture(scope="module")
def secret(stack, ana):
    """The operator alone can read it."""
    asked = stack.aws("cognito-idp").describe_user_pool_client(UserPoolId=stack.user_pool_id, ClientId=ana.client_id)
    return asked["UserPoolClient"]["ClientSecret"]


def call(cognito, operation, **parameters):
    return getattr(cognito, xform_name(operation))(**parameters)


def refused(cognito, operation, *codes, **parameters):
    """The text of the refusal."""
    with pytest.raises(ClientError) as refusal:
        call(cognito, operation, **parameters)
    told = refusal.value.response["Error"]
    assert told["Code"] in codes, f"{operation}: {told}"
    return told["Message"]


def hash_of(secret, username, client_id):
    mac = hmac.new(secret.encode(), f"{username}{client_id}".encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


def test_every_operation_without_credentials_has_a_row():
    rows = [set(WITH_A_TOKEN), set(WITH_THE_CLIENT), OTHERS, NO_ACCOUNT_CHANGES]
    assert set().union(*rows) == OPEN and sum(map(len, rows)) == len(OPEN)


@pytest.mark.parametrize("operation", sorted(WITH_A_TOKEN))
def test_no_token_of_ours_is_taken_by_cognito(cognito, ana, operation):
    for token in ana.held.values():
        told = refused(cognito, operation, "NotAuthorizedException", AccessToken=token, **WITH_A_TOKEN[operation])
        assert "Access Token" in told, "refused for the token, and not for anything else"


@pytest.mark.parametrize("operation", sorted(WITH_THE_CLIENT))
def test_the_client_id_alone_asks_for_nothing(cognito, ana, operation):
    more = {"ClientId": ana.client_id, "Username": ana.email, **WITH_THE_CLIENT[operation]}
    for forged in ({}, {"SecretHash": hash_of("a guess", ana.email, ana.client_id)}):
        assert "secret" in refused(cognito, operation, "NotAuthorizedException", **more, **forged).lower()


@pytest.mark.parametrize("flow", FLOWS)
def test_no_flow_logs_in(cognito, ana, flow):
    parameters = {"USERNAME": ana.email, "PASSWORD": ana.password, "SRP_A": "1f", "REFRESH_TOKEN": ana.refresh_token}
    for more in ({}, {"SECRET_HASH": hash_of("a guess", ana.user_id, ana.client_id)}):
        refused(
            cognito,
            "InitiateAuth",
            "NotAuthorizedException",
            "InvalidParameterException",
            ClientId=ana.client_id,
            AuthFlow=flow,
            AuthParameters=parameters | more,
        )


@pytest.mark.parametrize("name", MODEL.shape_for("ChallengeNameType").enum)
def test_no_challenge_is_answered(cognito, ana, name):
    answer = {"USERNAME": ana.email, "NEW_PASSWORD": NEW_PASSWORD, "ANSWER": "x", "PASSWORD": ana.password}
    told = refused(
        cognito,
        "RespondToAuthChallenge",
        "NotAuthorizedException",
        ClientId=ana.client_id,
        ChallengeName=name,
        ChallengeResponses=answer,
    )
    assert "secret" in told.lower()


def test_a_refresh_token_is_of_use_to_our_api_alone(cognito, stack, ana):
    for more in ({}, {"ClientSecret": "a-guess-as-long-as-a-secret-is"}):
        client = {"ClientId": ana.client_id, **more}
        token = ana.refresh_token
        for operation, named in (("GetTokensFromRefreshToken", "RefreshToken"), ("RevokeToken", "Token")):
            assert "secret" in refused(cognito, operation, "NotAuthorizedException", **client, **{named: token})
    expect(stack.call("POST", "/token/refresh", json={"refresh_token": ana.refresh_token}), 200)


@pytest.mark.parametrize("operation", ADMIN)
def test_an_administrators_call_needs_credentials(cognito, stack, ana, operation):
    with pytest.raises(ClientError) as refusal:
        call(cognito, operation, UserPoolId=stack.user_pool_id, Username=ana.email)
    assert refusal.value.response["Error"]["Code"] in (
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
    )


def test_the_account_is_as_it_was(ana):
    """Runs after the calls above: none of them changed anything."""
    expect(ana.log_in(), 200)
    assert expect(ana.get("/me"), 200)["email"] == ana.email


# Each refusal above is for what the caller does not hold: with it, the same call is let through.


@pytest.mark.parametrize("operation", sorted(WITH_THE_CLIENT))
def test_with_the_secret_the_call_is_let_through(cognito, town, ana, secret, operation):
    person = town.newcomer("customer", "Ben")
    if operation != "SignUp":
        expect(person.sign_up(), 202)
    if "ForgotPassword" in operation:
        expect(person.confirm(), 200)
    if operation == "ConfirmForgotPassword":
        expect(town.stack.call("POST", "/password/forgot", json={"email": person.email}), 202)
    known = {"ClientId": ana.client_id, "Username": person.email}
    known["SecretHash"] = hash_of(secret, person.email, ana.client_id)
    call(cognito, operation, **known, **WITH_THE_CLIENT[operation])


def test_with_the_secret_a_refresh_token_gives_a_token_that_cognito_takes(cognito, town, ana, secret):
    ben = town.customer("Ben")
    client = {"ClientId": ana.client_id, "ClientSecret": secret}
    result = call(cognito, "GetTokensFromRefreshToken", RefreshToken=ben.refresh_token, **client)
    tokens = result["AuthenticationResult"]
    attributes = call(cognito, "GetUser", AccessToken=tokens["AccessToken"])["UserAttributes"]
    assert {"Name": "email", "Value": ben.email} in attributes
    problem(town.stack.call("GET", "/me", token=tokens["AccessToken"]), 401, "unauthorized")
    call(cognito, "RevokeToken", Token=ben.refresh_token, **client)
    answer = town.stack.call("POST", "/token/refresh", json={"refresh_token": ben.refresh_token})
    problem(answer, 401, "invalid_refresh_token")


# What the template says


def test_the_client_has_a_secret_and_no_flow_for_others():
    client = RESOURCES["UserPoolClient"]
    assert client["Properties"]["GenerateSecret"] is True
    flows = {"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
    assert set(client["Properties"]["ExplicitAuthFlows"]) == flows
    # The update of an older stack makes a new client. The old one, without a secret, must not stay.
    assert (client["DeletionPolicy"], client.get("UpdateReplacePolicy", "Delete")) == ("Retain", "Delete")
    kinds = {resource["Type"] for resource in RESOURCES.values()}
    assert not kinds & {"AWS::Cognito::UserPoolDomain", "AWS::Cognito::UserPoolIdentityProvider"}, "no log-in pages"


def test_a_bearer_token_says_who_and_nothing_more(ana):
    told = claims(ana.token)
    assert told["token_use"] == "id" and told["sub"] == ana.user_id and told["cognito:groups"] == ["customer"]
    assert not {"email", "name", "custom:signed_up_as"} & told.keys()
    assert told["exp"] - told["iat"] == expect(ana.log_in(), 200)["expires_in"]
