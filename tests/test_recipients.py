"""Emails to the person at the door: each once, with a link of their own, and none after an opt-out."""

import re
import uuid

import pytest

from expanded import accepts
from outside import KEYS, MAIL_DOMAIN, MAIL_IDENTITY, Parameters
from test_mail_via_ses import SENDER, emails_to
from waybill_client import eventually, expect

KEY = KEYS["RecipientKeyParameter"]
MOMENTS = "out_for_delivery,arriving,delayed,delivered,failed"


@pytest.mark.parametrize(
    ("told", "good"),
    [
        ({}, True),
        ({"RecipientMessages": MOMENTS}, False),
        ({"RecipientMessages": MOMENTS, "RecipientKeyParameter": KEY}, False),
        ({"RecipientMessages": MOMENTS, "MailVia": "ses"}, False),
        ({"RecipientMessages": MOMENTS, "MailVia": "ses", "RecipientKeyParameter": KEY}, True),
    ],
)
def test_messages_to_recipients_need_a_service_and_a_key(told, good):
    assert accepts("RecipientMessagesNeedAServiceAndAKey", told) == good


@pytest.fixture
def doors(stack, functions):
    """The stack tells recipients everything."""
    client = stack.aws("sesv2")
    client.create_email_identity(EmailIdentity=MAIL_DOMAIN)
    assert MAIL_DOMAIN in MAIL_IDENTITY
    wanted = {"MailVia": "ses", "RecipientMessages": MOMENTS, "RecipientKeyParameter": KEY}
    with Parameters(stack, functions).set_to(key_name=KEY, key=uuid.uuid4().hex, **wanted, **SENDER):
        yield client
    client.delete_email_identity(EmailIdentity=MAIL_DOMAIN)


def body_for(town, address, language):
    body = town.body()
    body["dropoff"]["contact"] = {"name": "Roser", "email": address, "language": language}
    return body


def test_a_delivery_is_told_in_the_recipients_language_until_an_opt_out(stack, functions, town, doors):
    address = f"Roser-{uuid.uuid4().hex[:12]}@example.com"
    roser = address.lower()
    ana, ben = town.customer(), town.agent()
    orders = [expect(ana.order(body_for(town, address, "ca")), 201) for _ in range(3)]
    assert orders[0]["dropoff"]["contact"] == {"name": "Roser", "email": roser, "language": "ca"}
    expect(ana.patch(f"/orders/{orders[2]['order_id']}", {"dropoff": {"contact": {"language": "de"}}}), 200)
    town.assigned(ana, *orders, to=ben)
    # The dispatcher switches "you are next" off for Ana, so that the emails do not depend on the route.
    off = expect(town.dispatcher.put(f"/customers/{ana.user_id}", {"messages_off": ["arriving"]}), 200)
    assert off["messages_off"] == ["arriving"]
    link = expect(ana.post(f"/orders/{orders[0]['order_id']}/tracking-link"), 201)["url"]

    def subjects():
        functions.settle()
        return [email["Subject"] for email in emails_to(stack, roser)]

    expect(ben.mark(orders[0]["order_id"], "in_progress"), 200)
    eventually("the first email", lambda: subjects() == ["El teu paquet està en camí"])
    expect(ben.mark(orders[0]["order_id"], "delivered"), 200)
    told = ["El teu paquet està en camí", "El teu paquet s'ha lliurat"]
    eventually("the delivery", lambda: subjects() == told)
    # Records and messages again tell nothing.
    for found in functions.stream_records([orders[0]["order_id"]]).values():
        functions.invoke("publish-events", {"Records": found})
    assert subjects() == told

    emails = emails_to(stack, roser)
    tokens = {re.search(r"#([0-9a-f]{32})", email["BodyText"])[1] for email in emails}
    assert len(tokens) == 1, "one link in all emails"
    (token,) = tokens
    page, _, shops = link.partition("#")
    assert f"{page}#{token}" in emails[0]["BodyText"] and token != shops
    for one in (token, shops):
        answer = stack.call("GET", "/tracking", headers={"Tracking-Token": one})
        assert expect(answer, 200)["messages"] == {"open": True, "told": False}

    for _ in range(2):
        stopped = stack.call("POST", "/tracking/opt-out", headers={"Tracking-Token": token}, json={})
        assert stopped.status_code == 204, stopped.text
    expect(ben.mark(orders[1]["order_id"], "in_progress"), 200)
    expect(ben.mark(orders[1]["order_id"], "delivered"), 200)
    expect(ben.mark(orders[2]["order_id"], "in_progress"), 200)
    expect(ben.mark(orders[2]["order_id"], "failed", "nobody opens"), 200)
    assert subjects() == told
    # The store has neither the address nor the token of an opt-out.
    table = functions.settings_of("send-notifications")["CLAIMS_TABLE"]
    items = stack.aws("dynamodb").get_paginator("scan").paginate(TableName=table)
    claims = str([page["Items"] for page in items])
    assert "no-messages#" in claims and token not in claims and roser not in claims
