"""One id leads from a request to its email: the saved query `LifeOfAnOrder` finds the lines of an order."""

import json

from functions_inside import Functions
from waybill_client import eventually, expect


def lines_with(functions: Functions, word, names):
    """The log lines of functions that contain a word, by function. The saved query looks for them in the same way."""
    return {name: [json.loads(line) for line in functions.lines_of(name, word=word)] for name in names}


def test_the_lines_of_an_order_tell_its_life(town, mailbox, functions: Functions):
    ana, ben = town.customer(), town.agent()
    mailbox.follow(ana)
    order = town.assigned(ana, town.order(ana), to=ben)[0]
    eventually("the assignment", lambda: mailbox.told(ana))
    expect(ben.mark(order["order_id"], "delivered"), 200)
    eventually("the delivery", lambda: len(mailbox.told(ana)) == 2)

    life = ["create-order", "publish-events", "optimize-routes", "update-order-status", "send-notifications"]

    def told():
        found = lines_with(functions, order["order_id"], life)
        emails = [line for line in found["send-notifications"] if line["message"] == "email sent"]
        return (found, emails) if len(emails) == 2 and all(found.values()) else None

    found, emails = eventually("the lines of each function", told)
    placed = next(line for line in found["create-order"] if line["message"] == "request answered")
    planned = next(line for line in found["optimize-routes"] if line["message"] == "order planned")
    published = [line for line in found["publish-events"] if line["message"] == "changes published"]
    stepped = next(line for line in found["update-order-status"] if line["message"] == "request answered")
    request = placed["span"]["api_request_id"]
    assert planned["order_request_id"] == request
    requests = {one for line in published for one in line["request_ids"].split()}
    assert {request, stepped["span"]["api_request_id"]} <= requests
    assert (planned["agent_id"], planned["route_id"]) == (order["agent_id"], order["route_id"])
    assert sorted(line["request_ids"] for line in emails) == sorted([request, stepped["span"]["api_request_id"]])
