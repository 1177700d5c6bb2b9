"""From the sign-up to an active account."""

import pytest

from functions_inside import Functions
from problems import pointers, problem
from waybill_client import Person, claims, eventually, expect


def test_a_customer_signs_up_confirms_logs_in_and_is_known(town):
    ana = town.newcomer("customer", "Ana Lovelace")
    assert expect(ana.sign_up(), 202) == {"status": "confirmation_required"}
    confirmed = expect(ana.confirm(), 200)
    assert (confirmed["role"], confirmed["status"]) == ("customer", "active")
    tokens = expect(ana.log_in(), 200)
    assert tokens["token_type"] == "Bearer" and tokens["expires_in"] > 0
    assert tokens.keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    me = expect(ana.get("/me"), 200)
    assert me["user_id"] == confirmed["user_id"] == claims(ana.token)["sub"]
    assert (me["role"], me["status"], me["name"], me["email"]) == ("customer", "active", "Ana Lovelace", ana.email)


def test_the_email_subscription_is_made_and_shown(town):
    ana = town.customer()

    def subscription():
        state = expect(ana.get("/me"), 200)["email_notifications"]
        # With real mail, a person still has to follow the link in it.
        return state if state in ("pending", "on") else None

    eventually("an email subscription after the confirmation", subscription)


def test_an_agent_waits_for_approval(town):
    ben = town.newcomer("agent", "Ben")
    expect(ben.sign_up(vehicle={"capacity": 7}, start_location=town.point()), 202)
    confirmed = expect(ben.confirm(), 200)
    assert (confirmed["role"], confirmed["status"]) == ("agent", "pending_approval")
    expect(ben.log_in(), 200)
    assert expect(ben.get("/me"), 200)["status"] == "pending_approval"
    waiting = town.dispatcher.every("/agents", "agents", status="pending_approval", limit=100)
    told = [agent for agent in waiting if agent["agent_id"] == ben.user_id]
    assert len(told) == 1, "the dispatcher sees the applicant once"
    assert told[0]["vehicle"] == {"capacity": 7} and told[0]["start_location"] == town.point()
    assert told[0]["name"] == "Ben" and told[0]["on_duty"] is False


def test_a_pending_agent_prepares_but_does_not_go_on_duty(town):
    ben = town.applicant(capacity=3)
    prepared = {"start_location": town.point(2, 2), "vehicle": {"capacity": 9}}
    agent = expect(ben.put("/agents/me", prepared), 200)
    assert agent["vehicle"] == {"capacity": 9} and agent["start_location"] == town.point(2, 2)
    problem(ben.put("/agents/me", {"on_duty": True}), 403, "agent_not_active")
    assert pointers(ben.put("/agents/me", {"status": "active"})) == ["#/status"]
    assert expect(ben.get("/me"), 200)["status"] == "pending_approval", "nobody approves themselves"


def test_an_approved_agent_needs_a_start_location_to_go_on_duty(town):
    ben = town.newcomer("agent", "Ben").join()
    town.approve(ben)
    assert pointers(ben.put("/agents/me", {"on_duty": True})) == ["#/start_location"]
    agent = expect(ben.put("/agents/me", {"start_location": town.point(), "on_duty": True}), 200)
    assert agent["on_duty"] is True and agent["vehicle"] == {"capacity": 10}, "a vehicle holds 10 if nobody says"
    assert expect(ben.put("/agents/me", {"on_duty": False}), 200)["on_duty"] is False


@pytest.mark.parametrize("confirmed", [False, True], ids=["unconfirmed", "confirmed"])
def test_a_known_address_is_answered_like_a_new_one(town, confirmed):
    ana = town.newcomer("customer", "Ana")
    first = ana.sign_up()
    if confirmed:
        expect(ana.confirm(), 200)
    thief = Person(town.stack, "customer", ana.email, "Somebody Else", password="Another-password-77")
    again = thief.sign_up()
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    if not confirmed:
        expect(ana.confirm(), 200)
    problem(thief.log_in(), 401, "invalid_credentials")
    expect(ana.log_in(), 200)
    assert expect(ana.get("/me"), 200)["name"] == "Ana", "the second sign-up changed nothing"


def test_addresses_are_one_whatever_their_case(town):
    ana = town.customer()
    shouting = Person(town.stack, "customer", ana.email.upper(), "Ana")
    expect(shouting.log_in(), 200)
    assert shouting.user_id == ana.user_id


def test_a_wrong_code_confirms_nobody(town):
    ana = town.newcomer("customer", "Ana")
    expect(ana.sign_up(), 202)
    refused = problem(ana.confirm("999999"), 422, "invalid_code")
    assert [error["pointer"] for error in refused["errors"]] == ["#/code"]
    problem(ana.log_in(), 403, "not_confirmed")
    expect(ana.confirm(), 200)


def test_a_code_for_an_unknown_address_is_just_wrong(town):
    problem(town.newcomer("customer", "Nobody").confirm("123456"), 422, "invalid_code")


def test_confirming_twice_is_fine(town):
    ana = town.newcomer("customer", "Ana")
    expect(ana.sign_up(), 202)
    first = expect(ana.confirm(), 200)
    assert expect(ana.confirm(), 200) == first


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(town):
    ana = town.customer()
    wrong = problem(Person(town.stack, "customer", ana.email, "Ana", "Wrong-password-11").log_in(), 401)
    unknown = problem(town.newcomer("customer", "Nobody").log_in(), 401)
    for told in (wrong, unknown):
        told.pop("instance", None)
    assert wrong == unknown and wrong["code"] == "invalid_credentials"


def test_who_has_not_confirmed_cannot_log_in(town):
    ana = town.newcomer("customer", "Ana")
    expect(ana.sign_up(), 202)
    problem(ana.log_in(), 403, "not_confirmed")


def test_nobody_signs_up_as_a_dispatcher(town):
    mallory = town.newcomer("dispatcher", "Mallory")
    assert pointers(mallory.sign_up()) == ["#/role"]
    problem(mallory.log_in(), 401, "invalid_credentials")


@pytest.mark.parametrize(
    "change, pointer",
    [
        ({"email": "no address"}, "#/email"),
        ({"email": None}, "#/email"),
        ({"password": "shrtpw1"}, "#/password"),
        ({"password": None}, "#/password"),
        ({"password": 12345678}, "#/password"),
        ({"name": ""}, "#/name"),
        ({"name": None}, "#/name"),
        ({"role": "king"}, "#/role"),
        ({"role": None}, "#/role"),
        ({"vehicle": {"capacity": 5}}, "#/vehicle"),
        ({"role": "agent", "vehicle": {"capacity": 0}}, "#/vehicle/capacity"),
        ({"role": "agent", "vehicle": {"capacity": "big"}}, "#/vehicle/capacity"),
        ({"role": "agent", "start_location": {"lat": 91, "lon": 0}}, "#/start_location/lat"),
        ({"role": "agent", "start_location": {"lat": 1}}, "#/start_location/lon"),
        ({"custom:role": "dispatcher"}, "#/custom:role"),
    ],
)
def test_a_bad_sign_up_is_told_what_is_wrong(town, change, pointer):
    ana = town.newcomer("customer", "Ana")
    assert pointer in pointers(ana.sign_up(**change))
    if "email" not in change and "password" not in change:
        problem(ana.log_in(), 401, "invalid_credentials")


def test_every_fault_of_a_sign_up_is_named_at_once(town):
    refused = town.stack.call("POST", "/signup", json={"email": "x", "role": "king", "shoe_size": 43})
    assert set(pointers(refused)) == {"#/email", "#/password", "#/name", "#/role", "#/shoe_size"}


def test_confirming_makes_the_topic_once(town, mailbox, functions: Functions):
    """Other changes of the user's record happen at the same time as the confirmation."""
    ana = town.customer()
    mailbox.follow(ana)
    first = town.stack.topic_of(ana.user_id)
    expect(ana.log_in(), 200)
    functions.settle()
    subscriptions = town.stack.aws("sns").list_subscriptions_by_topic(TopicArn=first)["Subscriptions"]
    by_email = [found for found in subscriptions if found["Protocol"] == "email"]
    assert [found["Endpoint"] for found in by_email] == [ana.email], "one email subscription, to the one address"


def test_a_lost_subscription_is_asked_for_again(town, mailbox, functions: Functions):
    ana = town.customer()
    mailbox.follow(ana)
    functions.settle()
    assert expect(ana.get("/me"), 200)["email_notifications"] == "on"
    sns, topic = town.stack.aws("sns"), town.stack.topic_of(ana.user_id)

    def by_email():
        found = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        return [one["SubscriptionArn"] for one in found if one["Protocol"] == "email"]

    # As SNS does 48 hours after it has deactivated a subscription.
    for arn in by_email():
        sns.unsubscribe(SubscriptionArn=arn)
    assert by_email() == []
    asked = expect(ana.post("/me/email-notifications"), 200)
    assert asked["email_notifications"] == "pending"
    assert len(by_email()) == 1
    # The local stack confirms by itself.
    assert expect(ana.get("/me"), 200)["email_notifications"] == "on"


def test_the_record_follows_an_address_that_the_operator_changed(town, mailbox, functions: Functions):
    ana = town.customer("Ana")
    mailbox.follow(ana)
    old, new = ana.email, f"new-{ana.email}"
    cognito = town.stack.aws("cognito-idp")
    attributes = [{"Name": "email", "Value": new}, {"Name": "name", "Value": "Ana Nova"}]
    pool = town.stack.user_pool_id
    cognito.admin_update_user_attributes(UserPoolId=pool, Username=ana.email, UserAttributes=attributes)
    ana.email = new
    expect(ana.log_in(), 200)
    me = expect(ana.get("/me"), 200)
    assert (me["email"], me["name"]) == (new, "Ana Nova")
    functions.settle()
    topic = town.stack.topic_of(ana.user_id)
    subscriptions = town.stack.aws("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    by_email = [found["Endpoint"] for found in subscriptions if found["Protocol"] == "email"]
    assert by_email == [new], f"{old} is not mailed any more"


# The code that cognito_rules.py gives a new address. AWS mails a code that only a person can read.
EMAIL_CODE = "246810"


def test_a_person_changes_the_address_with_the_password_and_a_code(town, mailbox, functions: Functions):
    ana = town.customer("Ana")
    mailbox.follow(ana)
    old, new = ana.email, f"new-{ana.email}"
    change = {"email": new, "password": ana.password}
    problem(ana.post("/me/email", change | {"password": "Wrong-password-11"}), 422, "wrong_password")
    assert mailbox.of(ana) == [], "a stolen token mails nothing"
    assert expect(ana.post("/me/email", change), 202) == {"status": "code_requested"}
    (warning,) = eventually("an email to the old address", lambda: mailbox.of(ana))
    assert new in warning.text and "reset your password" in warning.text
    problem(ana.post("/me/email", change | {"code": "000000"}), 422, "invalid_code")
    assert expect(ana.get("/me"), 200)["email"] == old, "until the code is there"

    # A client without an answer repeats the call. By then the code is used.
    for _ in range(2):
        assert expect(ana.post("/me/email", change | {"code": EMAIL_CODE}), 200)["email"] == new
    assert expect(ana.get("/me"), 200)["email"] == new
    problem(Person(town.stack, "customer", old, "Ana").log_in(), 401, "invalid_credentials")
    ana.email = new
    expect(ana.log_in(), 200)
    functions.settle()
    topic = town.stack.topic_of(ana.user_id)
    subscriptions = town.stack.aws("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    by_email = [found["Endpoint"] for found in subscriptions if found["Protocol"] == "email"]
    assert by_email == [new], f"{old} is not mailed any more"


def test_nobody_learns_who_has_an_address_by_changing_to_it(town):
    ana, ben = town.customer("Ana"), town.customer("Ben")
    free, taken = f"free-{ana.email}", ben.email
    asked = [ana.post("/me/email", {"email": email, "password": ana.password}) for email in (taken, free)]
    assert [(answer.status_code, answer.json()) for answer in asked] == [(202, {"status": "code_requested"})] * 2
    taken_over = {"email": taken, "password": ana.password, "code": EMAIL_CODE}
    # The code belongs to the free address, and so does the account afterwards.
    assert expect(ana.post("/me/email", taken_over), 200)["email"] == free
    assert expect(ben.get("/me"), 200)["email"] == taken
    expect(ben.log_in(), 200)


def test_an_account_that_the_operator_made_gets_a_valid_record(town):
    """Without a name and without a group."""
    ana = town.newcomer("customer", "Ana")
    cognito, pool = town.stack.aws("cognito-idp"), town.stack.user_pool_id
    cognito.admin_create_user(UserPoolId=pool, Username=ana.email, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=ana.email, Password=ana.password, Permanent=True)
    expect(ana.log_in(), 200)
    me = expect(ana.get("/me"), 200)
    assert (me["name"], me["email"]) == (ana.email.partition("@")[0], ana.email)
    assert (me["role"], me["status"]) == ("customer", "active")
    expect(ana.order(town.body()), 201)
