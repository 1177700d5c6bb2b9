"""Rules of SES that MiniStack does not have. recorder.py adds them before MiniStack starts.

Each rule is in AWS's reference of the SES API v2. MiniStack accepts every email, and knows no suppression list: the
addresses to which mail was stopped after a hard bounce or a complaint. A test puts an address on the list with
`PutSuppressedDestination`, in place of a bounce.
"""

import json
import re
import time
import urllib.parse
import uuid

from ministack.core import iam_actions
from ministack.core.responses import json_response
from ministack.services import ses, ses_v2

MOST_RECIPIENTS = 50
LIST = "/suppression/addresses"
REASONS = ("BOUNCE", "COMPLAINT")

suppressed = {}


def add():
    """Adds the rules to MiniStack. Call it once, before MiniStack starts."""
    handle, resource = ses_v2.handle_request, iam_actions._ses_v2_resource_arn

    async def handled(method, path, headers, body, query):
        call = path.rstrip("/").removeprefix("/v2/email")
        told = json.loads(body) if body else {}
        if call == "/outbound-emails" and method == "POST":
            return unsent(told) or await handle(method, path, headers, body, query)
        if call.startswith(LIST) and call + method != LIST + "GET":
            return listed(method, urllib.parse.unquote(call.removeprefix(f"{LIST}/")), told)
        return await handle(method, path, headers, body, query)

    def resource_of(method, path, body, region, account):
        """A policy names the identity that an email is sent from. AWS also asks for the configuration set."""
        if path.rstrip("/") != "/v2/email/outbound-emails":
            return resource(method, path, body, region, account)
        sender = json.loads(body).get("FromEmailAddress") or ""
        return f"arn:aws:ses:{region}:{account}:identity/{identity_of(sender)}"

    ses_v2.handle_request, iam_actions._ses_v2_resource_arn = handled, resource_of


def identity_of(sender):
    """The address of a sender if it is verified itself, or else its domain."""
    address = ses.parseaddr(sender)[1]
    return address if address in ses_v2._identities else address.rpartition("@")[2]


def listed(method, address, told):
    """The calls about an address on the suppression list."""
    if method == "PUT":
        address, reason = told.get("EmailAddress"), told.get("Reason")
        if not address or reason not in REASONS:
            return refused("BadRequestException", "EmailAddress and Reason are required")
        suppressed[address] = {"EmailAddress": address, "Reason": reason, "LastUpdateTime": int(time.time())}
        return json_response({})
    if address not in suppressed:
        return refused("NotFoundException", f"Email address {address} does not exist on your suppression list.", 404)
    if method == "DELETE":
        del suppressed[address]
        return json_response({})
    return json_response({"SuppressedDestination": suppressed[address]})


def unsent(told):
    """The answer to an email that is refused, or that goes nowhere because its address is suppressed. Or None."""
    to = told.get("Destination", {}).get("ToAddresses", [])
    content = told.get("Content", {})
    if not told.get("FromEmailAddress") or not 1 <= len(to) <= MOST_RECIPIENTS:
        return refused("BadRequestException", "A sender and from 1 to 50 recipients are required")
    if any(not re.fullmatch(r"[\x21-\x7e]+@[\x21-\x7e]+", address) for address in to):
        return refused("BadRequestException", "Missing final '@domain'")
    if len(content.keys() & {"Simple", "Raw", "Template"}) != 1:
        return refused("BadRequestException", "Content must have one of Simple, Raw and Template")
    simple = content.get("Simple", {})
    parts = [simple.get("Subject"), *simple.get("Body", {}).values()]
    for part in parts if simple else ():
        if not part or "Data" not in part:
            return refused("BadRequestException", "Data is required")
        if not part["Data"].isascii() and part.get("Charset") != "UTF-8":
            return refused("BadRequestException", "Without a charset, text is 7-bit ASCII")
    name = told.get("ConfigurationSetName")
    rules = ses_v2._config_sets.get(name) if name else {}
    if rules is None:
        return ses_v2._missing_config_set(name)
    stops = (rules.get("SuppressionOptions") or {}).get("SuppressedReasons", [])
    if any(suppressed.get(address, {}).get("Reason") in stops for address in to):
        # SES accepts the email, and does not send it.
        return json_response({"MessageId": f"{uuid.uuid4()}"})
    return None


def refused(code, told, status=400):
    return ses_v2._json_err(code, told, status)
