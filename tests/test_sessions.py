"""After the sign-up: another code, new tokens, a forgotten password, the end of sessions."""

import pytest

from problems import pointers, problem
from waybill_client import PASSWORD, Person, claims, expect

NEW_PASSWORD = "Better-horse-43-battery"
RULES = (
    "must have at least 10 characters, with upper case (A to Z), lower case (a to z) and digits, "
    "and neither begin nor end with a space"
)
# The code of the local stack. AWS mails a code that only a person can read.
RESET_CODE = "654321"


def resend(person):
    return person.stack.call("POST", "/signup/resend-code", json={"email": person.email})


def forget(person):
    return person.stack.call("POST", "/password/forgot", json={"email": person.email})


def reset(person, code=RESET_CODE, password=NEW_PASSWORD):
    body = {"email": person.email, "code": code, "new_password": password}
    return person.stack.call("POST", "/password/reset", json=body)


def refresh(stack, token):
    return stack.call("POST", "/token/refresh", json={"refresh_token": token})


def session(person):
    """The refresh token of a new log-in."""
    return expect(person.log_in(), 200)["refresh_token"]


def told(answer):
    """The whole answer, without the id of the request."""
    body = answer.json()
    body.pop("instance", None)
    headers = {name: answer.headers.get(name) for name in ("Content-Type", "Cache-Control", "Retry-After")}
    return answer.status_code, headers, body


def test_a_person_comes_all_the_way(town):
    ana = town.newcomer("customer", "Ana")
    expect(ana.sign_up(), 202)
    problem(ana.confirm("999999"), 422, "invalid_code")
    assert expect(resend(ana), 202) == {"status": "confirmation_required"}
    expect(ana.confirm(), 200)
    tokens = expect(ana.log_in(), 200)

    renewed = expect(refresh(town.stack, tokens["refresh_token"]), 200)
    assert renewed.keys() == tokens.keys(), "as the log-in answers"
    assert (renewed["token_type"], renewed["expires_in"]) == (tokens["token_type"], tokens["expires_in"])
    assert claims(renewed["access_token"])["sub"] == ana.user_id
    ana.token = renewed["access_token"]
    assert expect(ana.get("/me"), 200)["email"] == ana.email
    expect(refresh(town.stack, renewed["refresh_token"]), 200)

    assert expect(forget(ana), 202) == {"status": "code_requested"}
    assert expect(reset(ana), 204) is None
    problem(ana.log_in(), 401, "invalid_credentials")
    ana.password = NEW_PASSWORD
    last = session(ana)
    expect(ana.post("/logout"), 204)
    problem(refresh(town.stack, last), 401, "invalid_refresh_token")


@pytest.mark.parametrize("ask", [resend, forget])
def test_nobody_learns_who_has_an_account_by_asking_for_codes(town, ask):
    stranger, new, confirmed = (town.newcomer("customer", name) for name in ("Nobody", "New", "Confirmed"))
    expect(new.sign_up(), 202)
    confirmed.join()
    answers = [told(ask(person)) for person in (stranger, new, confirmed)]
    assert answers[0][0] == 202
    assert answers == [answers[0]] * 3


def test_nobody_learns_who_has_an_account_by_resetting_passwords(town):
    stranger, new, confirmed, asked = (town.newcomer("customer", name) for name in ("Nobody", "New", "Old", "Asked"))
    expect(new.sign_up(), 202)
    confirmed.join()
    asked.join()
    expect(forget(asked), 202)
    answers = [told(reset(person, code="000000")) for person in (stranger, new, confirmed, asked)]
    assert answers[0][0] == 422 and answers[0][2]["code"] == "invalid_code"
    assert [error["pointer"] for error in answers[0][2]["errors"]] == ["#/code"]
    assert answers == [answers[0]] * 4
    expect(asked.log_in(), 200)


def test_a_confirmed_person_needs_no_new_code_and_keeps_the_password(town):
    ana = town.customer()
    expect(resend(ana), 202)
    expect(forget(ana), 202)
    expect(ana.log_in(), 200)


@pytest.mark.parametrize(
    "password",
    ["Short-1", "all-lower-case-1", "ALL-UPPER-CASE-1", "No-digits-here", " Blank-before-1", "Blank-behind-1 "],
)
def test_a_weak_password_is_told_every_rule(town, password):
    ana = town.newcomer("customer", "Ana")
    ana.password = password
    for answer, pointer in ((ana.sign_up(), "#/password"), (reset(ana, password=password), "#/new_password")):
        refused = problem(answer, 422, "invalid")
        assert refused["errors"] == [{"pointer": pointer, "detail": RULES}]
    problem(ana.log_in(), 401, "invalid_credentials")


def test_the_rules_are_those_of_the_user_pool(stack):
    pool = stack.aws("cognito-idp").describe_user_pool(UserPoolId=stack.user_pool_id)["UserPool"]
    policy = pool["Policies"]["PasswordPolicy"]
    assert f"at least {policy['MinimumLength']} characters" in RULES
    wanted = {"RequireUppercase": "upper case", "RequireLowercase": "lower case", "RequireNumbers": "digits"}
    for name, words in wanted.items():
        assert policy[name] is True and words in RULES
    assert policy["RequireSymbols"] is False


def test_a_reset_ends_every_session_and_may_be_repeated(town):
    ana = town.customer()
    phone, laptop = session(ana), session(ana)
    expect(forget(ana), 202)
    # A client without an answer repeats the call. By then the code is used.
    for _ in range(2):
        expect(reset(ana), 204)
    for token in (phone, laptop):
        problem(refresh(town.stack, token), 401, "invalid_refresh_token")
    problem(reset(ana, password="Another-horse-44"), 422, "invalid_code")
    ana.password = NEW_PASSWORD
    expect(ana.log_in(), 200)


def test_logging_out_ends_every_session_of_ones_own_and_nobody_elses(town):
    ana, bob = town.customer("Ana"), town.customer("Bob")
    phone, laptop, bobs = session(ana), session(ana), session(bob)
    # A repetition changes nothing. The access token stays valid until it expires.
    for _ in range(2):
        expect(ana.post("/logout"), 204)
    for token in (phone, laptop):
        problem(refresh(town.stack, token), 401, "invalid_refresh_token")
    expect(refresh(town.stack, bobs), 200)
    expect(ana.log_in(), 200)


def test_only_a_refresh_token_refreshes(town):
    ana = town.customer()
    token = session(ana)
    middle = len(token) // 2
    forged = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    for other in (forged, ana.token, "no token"):
        problem(refresh(town.stack, other), 401, "invalid_refresh_token")


def test_a_refresh_token_is_no_access_token(town):
    ana = town.customer()
    problem(town.stack.call("GET", "/me", token=session(ana)), 401)


@pytest.mark.parametrize(
    "path, body, named",
    [
        ("/signup/resend-code", {"mail": "x"}, {"#/mail", "#/email"}),
        ("/password/forgot", {"email": "x", "phone": 1}, {"#/phone", "#/email"}),
        ("/password/reset", {"password": "x"}, {"#/password", "#/email", "#/code", "#/new_password"}),
        ("/token/refresh", {"token": "x"}, {"#/token", "#/refresh_token"}),
        ("/token/refresh", {"refresh_token": 7}, {"#/refresh_token"}),
    ],
)
def test_every_bad_field_is_named(stack, path, body, named):
    assert set(pointers(stack.call("POST", path, json=body))) == named


def test_an_address_is_one_whatever_its_case(town):
    ana = town.customer()
    shouting = Person(town.stack, "customer", ana.email.upper(), "Ana")
    expect(forget(shouting), 202)
    expect(reset(shouting), 204)
    assert ana.password == PASSWORD
    problem(ana.log_in(), 401, "invalid_credentials")


def suspend(stack, customer):
    """Writes the status into the customer's record, as a dispatcher's call does that dies before it ends the sessions.
    """
    stack.aws("dynamodb").update_item(
        TableName=stack.environment["USERS_TABLE"],
        Key={"user_id": {"S": customer.user_id}},
        UpdateExpression="SET #s = :s ADD version :one",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": {"S": "suspended"}, ":one": {"N": "1"}},
    )


def test_a_suspended_customer_gets_no_tokens(town):
    ana = town.customer()
    token = session(ana)
    suspend(town.stack, ana)
    problem(ana.log_in(), 403, "account_suspended")
    problem(refresh(town.stack, token), 403, "account_suspended")
    problem(refresh(town.stack, token), 401, "invalid_refresh_token")
    expect(ana.post("/logout"), 204)
