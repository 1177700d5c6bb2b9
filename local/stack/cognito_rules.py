"""Rules of Cognito that MiniStack does not have. recorder.py adds them before MiniStack starts.

Each rule is in AWS's reference of the user pools API. Without them a test of the local stack would allow what AWS
refuses: a refresh or a revocation without the client's secret, a change of an address without its code.
"""

import functools
import hmac

from ministack.core.responses import error_response_json, json_response
from ministack.services import cognito

# The code for a new address. On AWS each code is another one.
EMAIL_CODE = "246810"
# What Cognito allows a client that names no flow.
DEFAULT_FLOWS = ("ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH")
FLOWS = {
    "USER_SRP_AUTH": "ALLOW_USER_SRP_AUTH",
    "USER_AUTH": "ALLOW_USER_AUTH",
    "CUSTOM_AUTH": "ALLOW_CUSTOM_AUTH",
    "REFRESH_TOKEN_AUTH": "ALLOW_REFRESH_TOKEN_AUTH",
    "REFRESH_TOKEN": "ALLOW_REFRESH_TOKEN_AUTH",
}
# Calls with an access token that MiniStack does not have. They are answered only to check the token first.
WITH_AN_ACCESS_TOKEN = {
    "CompleteWebAuthnRegistration",
    "ConfirmDevice",
    "DeleteUserAttributes",
    "DeleteWebAuthnCredential",
    "ForgetDevice",
    "GetDevice",
    "GetUserAttributeVerificationCode",
    "GetUserAuthFactors",
    "ListDevices",
    "ListWebAuthnCredentials",
    "SetUserSettings",
    "StartWebAuthnRegistration",
    "UpdateDeviceStatus",
}


def add():
    """Adds the rules to MiniStack. Call it once, before MiniStack starts."""
    run, dispatch = cognito._run_idp_handler, cognito._dispatch_idp
    update, token = cognito._update_user_attributes, cognito._fake_token
    cognito._UNSIGNED_IDP_ACTIONS |= WITH_AN_ACCESS_TOKEN | {"VerifyUserAttribute"}

    def checked(handler, action, data):
        return refusal(action, data) or run(handler, action, data)

    async def dispatched(action, data):
        if action == "VerifyUserAttribute":
            return checked(verify_user_attribute, action, data)
        if action in WITH_AN_ACCESS_TOKEN:
            return checked(unknown, action, data)
        return await dispatch(action, data)

    cognito._run_idp_handler, cognito._dispatch_idp = checked, dispatched
    cognito._update_user_attributes = functools.partial(update_user_attributes, update)
    cognito._fake_token = functools.partial(token_with_readable_attributes, token)


def refusal(action, data):
    """What AWS refuses and MiniStack does not, or None."""
    if action in cognito._UNSIGNED_IDP_ACTIONS:
        cognito._pin_unsigned_idp_scope(data)
    pool, _ = cognito._pool_for_client(data.get("ClientId"))
    client = pool["_clients"][data["ClientId"]] if pool else None
    if client and action in ("GetTokensFromRefreshToken", "RevokeToken"):
        return secret_refusal(client, data) or client_refusal(action, client, data)
    if client and action in ("InitiateAuth", "AdminInitiateAuth"):
        flow = FLOWS.get(data.get("AuthFlow"))
        if flow and flow not in (client["ExplicitAuthFlows"] or DEFAULT_FLOWS):
            return error_response_json("InvalidParameterException", "Auth flow not enabled for this client", 400)
    return None


def secret_refusal(client, data):
    secret, sent = client["ClientSecret"] or "", data.get("ClientSecret") or ""
    if hmac.compare_digest(secret.encode(), str(sent).encode()):
        return None
    told = f"Client {client['ClientId']} is configured with secret but its secret was not received"
    return error_response_json("NotAuthorizedException", told, 400)


def client_refusal(action, client, data):
    """A client revokes only the tokens that it was given. MiniStack checks that for a refresh, and not here."""
    told = cognito._token_claims(data.get("Token"))
    if action != "RevokeToken" or told.get("client_id") == client["ClientId"]:
        return None
    return error_response_json("UnsupportedTokenTypeException", "Unsupported token type", 400)


def unknown(data):
    return error_response_json("InvalidAction", "MiniStack does not have this call", 400)


def update_user_attributes(update, data):
    """In a pool that requires it, a new address counts only after its code. Until then the old one stays."""
    user, pool = cognito._user_pool_for_access_token(data.get("AccessToken"))
    attributes = {one["Name"]: one["Value"] for one in data.get("UserAttributes", [])}
    client = pool["_clients"].get(cognito._token_claims(data["AccessToken"]).get("client_id")) or {}
    if set(attributes) - set(client.get("WriteAttributes") or attributes):
        told = "A client attempted to write unauthorized attribute"
        return error_response_json("NotAuthorizedException", told, 400)
    waits = pool.get("UserAttributeUpdateSettings", {}).get("AttributesRequireVerificationBeforeUpdate", [])
    email = attributes.get("email") if "email" in waits else None
    if email is None or email == cognito._attr_list_to_dict(user["Attributes"]).get("email"):
        return update(data)
    if cognito._resolve_user(pool, email)[0]:
        return alias_exists()
    user["_new_email"] = email
    others = [{"Name": name, "Value": value} for name, value in attributes.items() if name != "email"]
    update(data | {"UserAttributes": others})
    delivery = {"Destination": email, "DeliveryMedium": "EMAIL", "AttributeName": "email"}
    return json_response({"CodeDeliveryDetailsList": [delivery]})


def verify_user_attribute(data):
    user, pool = cognito._user_pool_for_access_token(data.get("AccessToken"))
    email = user.get("_new_email") if data.get("AttributeName") == "email" else None
    refused = cognito._code_error(email and EMAIL_CODE, data.get("Code"))
    if refused:
        return refused
    if cognito._resolve_user(pool, email)[0]:
        return alias_exists()
    del user["_new_email"]
    changes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
    user["Attributes"] = cognito._merge_attributes(user["Attributes"], changes)
    return json_response({})


def alias_exists():
    return error_response_json("AliasExistsException", "An account with the given email already exists.", 400)


def token_with_readable_attributes(token, sub, pool_id, client_id, kind="access", **more):
    """An ID token has only the attributes that its client may read."""
    pool = cognito._get_pool_unscoped(pool_id) or {}
    readable = pool.get("_clients", {}).get(client_id, {}).get("ReadAttributes")
    if kind == "id" and readable:
        attributes = (more.get("user_attrs") or {}).items()
        more["user_attrs"] = {name: value for name, value in attributes if name in readable}
    return token(sub, pool_id, client_id, kind, **more)
