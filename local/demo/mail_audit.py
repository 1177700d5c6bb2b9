"""Checks that everybody got the mails that were due, and no others."""

import re

NEW_ROUTE = re.compile(r"^New route")
CHANGED = re.compile(r"^Your route has (gained \d+ orders?( and given away \d+)?|given away \d+ orders?): ")
ENDED = re.compile(r"^Your route has ended")


def fault_of(agent, mails, orders):
    """The fault in an agent's mails, if there is one.

    An agent gets one mail when a route begins, and one for each plan that gives it orders or takes orders from it. The
    orders do not tell how often they moved, so the routes that they ended on give the smallest number of mails.
    """
    routes = {order["route_id"] for order in orders if order["agent_id"] == agent.user_id}
    subjects = [mail.subject for mail in mails]
    begun = [subject for subject in subjects if NEW_ROUTE.search(subject)]
    others = [s for s in subjects if not (NEW_ROUTE.search(s) or CHANGED.search(s) or ENDED.search(s))]
    if others:
        return f"{agent.name} got mails that nobody knows: {others}"
    if len(begun) < len(routes):
        return f"{agent.name} should hear of {len(routes)} new routes at least, and got {subjects}"
    return None


def faults(mailbox, customers, agents, orders):
    """The faults in the mail, in words. The list is empty if there are none."""
    found = []
    for customer in customers:
        mails = mailbox.of(customer)
        own = [order for order in orders if order["customer_id"] == customer.user_id]
        for order in own:
            about = [mail for mail in mails if order["external_id"] in mail.subject + mail.text]
            if len(about) != 2:
                told = [mail.subject for mail in about]
                found.append(f"{customer.name} should get two emails about {order['external_id']}, and got {told}")
        if len(mails) != 2 * len(own):
            found.append(f"{customer.name} should get {2 * len(own)} emails, and got {len(mails)}")
    told = [fault_of(agent, mailbox.of(agent), orders) for agent in agents]
    return found + [fault for fault in told if fault]
