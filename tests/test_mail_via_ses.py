"""Emails through SES: no subscriptions, HTML and text, and a bounce that stops them."""

import pytest
import requests

from expanded import accepts, expanded
from outside import MAIL_DOMAIN, MAIL_IDENTITY, Parameters
from waybill_client import PASSWORD, eventually, expect

SENDER = {"MailFrom": f"Waybill <no-reply@{MAIL_DOMAIN}>", "MailIdentityArn": MAIL_IDENTITY}


@pytest.mark.parametrize("missing", ["nothing", *SENDER])
def test_ses_needs_a_verified_sender(missing):
    told = {name: value for name, value in SENDER.items() if name != missing}
    assert accepts("SesHasSender", {"MailVia": "ses"} | told) == (missing == "nothing")
    assert accepts("SesHasSender", {"MailVia": "sns"})


def test_only_a_stack_with_ses_has_a_configuration_set():
    found = expanded(MailVia="ses", **SENDER)["MailConfiguration"]
    assert found["Condition"] == "MailsWithSes"
    assert sorted(found["Properties"]["SuppressionOptions"]["SuppressedReasons"]) == ["BOUNCE", "COMPLAINT"]


@pytest.fixture
def ses(stack, functions):
    """The stack sends emails through SES. The client speaks to SES as an operator."""
    client = stack.aws("sesv2")
    client.create_email_identity(EmailIdentity=MAIL_DOMAIN)
    with Parameters(stack, functions).set_to(MailVia="ses", **SENDER):
        yield client
    client.delete_email_identity(EmailIdentity=MAIL_DOMAIN)


def emails_to(stack, address):
    url = f"{stack.environment['AWS_ENDPOINT_URL']}/_ministack/ses/messages"
    told = requests.get(url, timeout=30).json()["messages"]
    emails = [email for emails in told.values() for email in emails if email["To"] == [address]]
    # Cognito sends its codes through SES too.
    return [email for email in emails if "verification code" not in email["Subject"]]


def notifications_of(person):
    return expect(person.get("/me"), 200)["email_notifications"]


def test_a_delivery_is_told_through_ses_until_an_email_bounces(stack, functions, town, ses):
    ana, ben = town.customer("Ana Lovelace"), town.agent(name="Ben Driver")
    assert notifications_of(ana) == "on", "nobody has to confirm"
    order = town.assigned(ana, town.order(ana, external_id="Łódź-42"), to=ben)[0]
    (assigned,) = eventually("an email about the assignment", lambda: emails_to(stack, ana.email))
    assert assigned["Source"] == f"Waybill <no-reply@{MAIL_DOMAIN}>"
    assert assigned["Subject"] == "Order Łódź-42 has an agent", "SES needs no ASCII"
    assert assigned["BodyText"].startswith("Hello Ana Lovelace,")
    assert "<p>Hello Ana Lovelace,</p>" in assigned["BodyHtml"]
    eventually("an email to the agent", lambda: emails_to(stack, ben.email))

    # Mail to the new address is stopped already. The old address hears of the change.
    moved = f"moved-{ana.email}"
    ses.put_suppressed_destination(EmailAddress=moved, Reason="COMPLAINT")
    change = {"email": moved, "password": PASSWORD}
    expect(ana.post("/me/email", change), 202)
    eventually("a warning", lambda: [one for one in emails_to(stack, ana.email) if moved in one["BodyText"]])
    assert expect(ana.post("/me/email", change | {"code": "246810"}), 200)["email"] == moved
    assert notifications_of(ana) == "off"
    again = expect(ana.post("/me/email-notifications"), 200)["email_notifications"]
    assert again == "off", "an hour must pass first"
    ana.email = moved
    expect(ana.log_in(), 200)
    expect(ben.mark(order["order_id"], "delivered"), 200)
    functions.settle()
    assert emails_to(stack, moved) == [], "SES accepts an email to a stopped address, and does not send it"

    ses.delete_suppressed_destination(EmailAddress=moved)
    assert notifications_of(ana) == "on"
