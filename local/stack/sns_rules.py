"""Rules of SNS for text messages that MiniStack does not have. recorder.py adds them before MiniStack starts.

Each rule is in AWS's reference of the SNS API. MiniStack keeps the texts to phone numbers, at
`/_ministack/sns/sms-messages`, and accepts every number and every text. It knows no list of numbers whose owners have
answered STOP. A test puts a number on the list with the action `ReceiveStop` of this file, in place of the answer: SNS
has no such action.
"""

import re
from urllib.parse import parse_qs

from ministack.core import iam_actions
from ministack.services import sns

LONGEST_TEXT = 1600
# Numbers with this calling code belong to nobody.
NOBODYS = "+999"
ATTRIBUTES = {
    "AWS.SNS.SMS.SMSType": ("String", r"Promotional|Transactional"),
    "AWS.SNS.SMS.SenderID": ("String", r"(?=.*[A-Za-z])[A-Za-z0-9]{3,11}"),
    "AWS.SNS.SMS.MaxPrice": ("Number", r"\d+(\.\d+)?"),
    "AWS.MM.SMS.OriginationNumber": ("String", r"\+?\d{5,14}"),
}

opted_out = set()


def add():
    """Adds the rules to MiniStack. Call it once, before MiniStack starts."""
    handle, resource = sns.handle_request, iam_actions.extract_resource_arn

    async def handled(method, path, headers, body, query):
        told = {name: values[0] if isinstance(values, list) else values for name, values in query.items()}
        if method == "POST" and body:
            told |= {name: values[0] for name, values in parse_qs(body.decode()).items()}
        return answered(told) or await handle(method, path, headers, body, query)

    def resource_of(service, method, path, headers, body, query, *others, **named):
        """AWS asks policies about the phone number itself. So a policy can leave out all topics."""
        number = iam_actions._query_param(query, "PhoneNumber") if service == "sns" else ""
        return number or resource(service, method, path, headers, body, query, *others, **named)

    sns.handle_request, iam_actions.extract_resource_arn = handled, resource_of


def answered(told):
    """The answer to a call about text messages, or None."""
    action = told.get("Action")
    if action == "CheckIfPhoneNumberIsOptedOut":
        number = told.get("phoneNumber", "")
        if not is_a_number(number):
            return refused("phoneNumber")
        answer = "true" if number in opted_out else "false"
        return done(action, f"<isOptedOut>{answer}</isOptedOut>")
    if action == "OptInPhoneNumber":
        opted_out.discard(told.get("phoneNumber"))
        return done(action)
    if action == "ReceiveStop":
        opted_out.add(told["PhoneNumber"])
        return done(action)
    if action == "Publish" and told.get("PhoneNumber"):
        return unsent(told)
    return None


def unsent(told):
    """The answer to a text that is refused, or that goes nowhere because the phone's owner wants none. Or None."""
    number, text = told["PhoneNumber"], told.get("Message", "")
    if told.get("TopicArn") or told.get("TargetArn"):
        return refused("TopicArn")
    if not is_a_number(number) or number.startswith(NOBODYS):
        return refused("PhoneNumber")
    if not text or len(text) > LONGEST_TEXT:
        return refused("Message")
    for name, (kind, value) in attributes_of(told).items():
        wanted, form = ATTRIBUTES.get(name, ("", "(?!)"))
        if name.startswith(("AWS.SNS.SMS.", "AWS.MM.SMS.")) and (kind != wanted or not re.fullmatch(form, value)):
            return refused(name)
    if number in opted_out:
        # SNS accepts the text. Only the log of deliveries says that it was not sent.
        return done("Publish", f"<MessageId>{sns.new_uuid()}</MessageId>")
    return None


def attributes_of(told):
    """The attributes of a message by name, each with its type and value."""
    found, place = {}, 1
    while name := told.get(f"MessageAttributes.entry.{place}.Name"):
        value = f"MessageAttributes.entry.{place}.Value"
        found[name] = (told.get(f"{value}.DataType"), told.get(f"{value}.StringValue", ""))
        place += 1
    return found


def is_a_number(text):
    return bool(re.fullmatch(r"\+[1-9]\d{6,14}", text))


def done(action, result=""):
    return sns._xml(200, f"{action}Response", f"<{action}Result>{result}</{action}Result>")


def refused(name):
    return sns._error("InvalidParameter", f"Invalid parameter: {name}", 400)
