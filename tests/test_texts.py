"""Text messages to the person at the door: each once, to allowed countries, within the limit of the month, and none
after an opt-out.
"""

import random
import re
import uuid
from datetime import UTC, datetime

import pytest
import requests

from expanded import accepts
from outside import KEYS, MAIL_DOMAIN, Logs, Parameters
from test_mail_via_ses import SENDER, emails_to
from test_recipients import KEY, MOMENTS
from waybill_client import eventually, expect

TEXTS = {"SmsEnabled": "true", "SmsCountries": "34", "RecipientMessages": MOMENTS, "RecipientKeyParameter": KEY}
PER_MONTH = 1000


@pytest.mark.parametrize(("missing", "good"), [(None, True), ("SmsCountries", False), ("RecipientMessages", False)])
def test_texts_need_moments_and_countries(missing, good):
    told = {name: value for name, value in TEXTS.items() if name != missing}
    assert accepts("SmsHasMomentsAndCountries", told) == good


def test_texts_need_a_key_and_no_ses():
    assert accepts("RecipientMessagesNeedAServiceAndAKey", TEXTS)
    assert not accepts("RecipientMessagesNeedAServiceAndAKey", TEXTS | {"RecipientKeyParameter": ""})


def a_phone(code="34"):
    return f"+{code}6{random.randrange(10**8):08}"


def texts_to(stack, number):
    """The texts that a phone has got, and what SNS was told about each."""
    url = f"{stack.environment['AWS_ENDPOINT_URL']}/_ministack/sns/sms-messages"
    return requests.get(url, params={"phoneNumber": number}, timeout=30).json()["sms_messages"][number]


def answer_stop(stack, number):
    """The owner of a phone answers a text with STOP. The local stack has an action for it; SNS itself has none."""
    signed = "AWS4-HMAC-SHA256 Credential=test/20300506/eu-central-2/sns/aws4_request"
    form = {"Action": "ReceiveStop", "PhoneNumber": number}
    url = stack.environment["AWS_ENDPOINT_URL"]
    requests.post(url, data=form, headers={"Authorization": signed}, timeout=30).raise_for_status()


def body_for(town, phone, language="en", **contact):
    body = town.body()
    body["dropoff"]["contact"] = {"name": "Roser", "phone": phone, "language": language} | contact
    return body


def delivered(town, ana, ben, body):
    """An order that was picked up and delivered."""
    order = expect(ana.order(body), 201)
    town.assigned(ana, order, to=ben)
    expect(ben.mark(order["order_id"], "in_progress"), 200)
    expect(ben.mark(order["order_id"], "delivered"), 200)
    return order["order_id"]


@pytest.fixture
def phones(stack, functions):
    """The stack sends texts to Spain, and emails."""
    client = stack.aws("sesv2")
    client.create_email_identity(EmailIdentity=MAIL_DOMAIN)
    wanted = TEXTS | SENDER | {"MailVia": "ses", "SmsPerMonth": PER_MONTH, "SmsSenderId": "Waybill"}
    key = {"key_name": KEYS["RecipientKeyParameter"], "key": uuid.uuid4().hex}
    with Parameters(stack, functions).set_to(**key, **wanted):
        yield
    client.delete_email_identity(EmailIdentity=MAIL_DOMAIN)


def test_a_recipient_with_a_phone_hears_of_each_moment_once(stack, functions, town, phones):
    roser, address = a_phone(), f"{uuid.uuid4().hex}@example.com"
    written = f"+34 {roser[3:6]} {roser[6:]}"
    ana, ben = town.customer(), town.agent()
    # "You are next" is off, so that the texts do not depend on the route.
    expect(town.dispatcher.put(f"/customers/{ana.user_id}", {"messages_off": ["arriving"]}), 200)
    logs = Logs(stack, functions, "send-notifications")

    def words():
        functions.settle()
        return [re.sub(r"\d\d:\d\d", "…", text["Message"].partition("http")[0]) for text in texts_to(stack, roser)]

    order = town.assigned(ana, expect(ana.order(body_for(town, written, "ca")), 201), to=ben)[0]
    told = [
        "Waybill: el teu paquet ja ve. L'esperem lliurar entre les … i les …. Per seguir-lo o no rebre aquests SMS: ",
        "Waybill: el teu paquet s'ha lliurat a les …. Per valorar el lliurament o no rebre aquests SMS: ",
    ]
    expect(ben.mark(order["order_id"], "in_progress"), 200)
    eventually("the first text", lambda: words() == told[:1])
    expect(ben.mark(order["order_id"], "delivered"), 200)
    eventually("the delivery", lambda: words() == told)
    # Records and messages again tell nothing.
    for found in functions.stream_records([order["order_id"]]).values():
        functions.invoke("publish-events", {"Records": found})
    assert words() == told
    text = texts_to(stack, roser)[-1]
    attributes = {name: value["StringValue"] for name, value in text["MessageAttributes"].items()}
    assert attributes == {"AWS.SNS.SMS.SMSType": "Transactional", "AWS.SNS.SMS.SenderID": "Waybill"}
    assert text["TopicArn"] is None

    # Email comes first. Other countries, and numbers without a country, get nothing.
    delivered(town, ana, ben, body_for(town, written, email=address))
    eventually("an email", lambda: emails_to(stack, address))
    portugal, national = a_phone("351"), a_phone()
    delivered(town, ana, ben, body_for(town, portugal))
    delivered(town, ana, ben, body_for(town, national.removeprefix("+34")))
    assert words() == told
    assert texts_to(stack, portugal) == texts_to(stack, national) == []

    # The owner of another phone has answered STOP. SNS would accept the text.
    stopped = a_phone()
    answer_stop(stack, stopped)
    delivered(town, ana, ben, body_for(town, stopped))
    functions.settle()
    assert texts_to(stack, stopped) == []

    # The button of the page, which the link in the text opens.
    token = re.search(r"#([0-9a-f]{32})$", text["Message"])[1]
    seen = expect(stack.call("GET", "/tracking", headers={"Tracking-Token": token}), 200)
    assert seen["messages"] == {"open": True, "told": False}
    for _ in range(2):
        answer = stack.call("POST", "/tracking/opt-out", headers={"Tracking-Token": token}, json={})
        assert answer.status_code == 204, answer.text
    delivered(town, ana, ben, body_for(town, roser))
    assert words() == told

    # Neither the store nor the logs have a number or a token.
    table = functions.settings_of("send-notifications")["CLAIMS_TABLE"]
    items = stack.aws("dynamodb").get_paginator("scan").paginate(TableName=table)
    claims = str([page["Items"] for page in items])
    assert "no-messages#" in claims and token not in claims
    lines = str(logs.lines())
    assert '"TextsSent": 1' in lines or "'TextsSent': 1" in lines
    for secret in (roser, written, portugal, stopped, token):
        assert secret.removeprefix("+34") not in claims + lines, secret


def test_a_month_has_no_more_texts_than_its_limit(stack, functions, town, phones):
    ana, ben, roser = town.customer(), town.agent(), a_phone()
    table = functions.settings_of("send-notifications")["CLAIMS_TABLE"]
    key = {"claim": {"S": f"texts#{datetime.now(UTC):%Y-%m}"}}
    dynamodb, logs = stack.aws("dynamodb"), Logs(stack, functions, "send-notifications")
    before = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
    # One text is left.
    dynamodb.put_item(TableName=table, Item=key | {"sent": {"N": f"{PER_MONTH - 1}"}})
    try:
        first, second = (delivered(town, ana, ben, body_for(town, roser)) for _ in range(2))
        eventually("the one text", lambda: texts_to(stack, roser))
        functions.settle()
        assert len(texts_to(stack, roser)) == 1, (first, second)
        counted = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
        assert counted["sent"] == {"N": f"{PER_MONTH}"} and "expires_at_s" in counted
        metrics = [line for line in logs.lines() if isinstance(line, dict)]
        assert sum(line.get("TextsNotSent", 0) for line in metrics) >= 1
    finally:
        if before:
            dynamodb.put_item(TableName=table, Item=before)
        else:
            dynamodb.delete_item(TableName=table, Key=key)


def test_without_the_switch_nobody_gets_a_text(stack, functions, town):
    ana, ben, roser = town.customer(), town.agent(), a_phone()
    client = stack.aws("sesv2")
    client.create_email_identity(EmailIdentity=MAIL_DOMAIN)
    wanted = {"MailVia": "ses", "RecipientMessages": MOMENTS, "RecipientKeyParameter": KEY, "SmsCountries": "34"}
    key = {"key_name": KEYS["RecipientKeyParameter"], "key": uuid.uuid4().hex}
    with Parameters(stack, functions).set_to(**key, **wanted, **SENDER):
        told = stack.aws("lambda").get_function_configuration(FunctionName=functions.name_of("send-notifications"))
        assert told["Environment"]["Variables"]["SMS_ENABLED"] == "false"
        delivered(town, ana, ben, body_for(town, roser))
        functions.settle()
        assert texts_to(stack, roser) == []
    client.delete_email_identity(EmailIdentity=MAIL_DOMAIN)
