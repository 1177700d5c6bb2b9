"""Checks that everybody got the mails that were due, and no others."""

import re

NEW_ROUTE = re.compile(r"^New route")
CHANGED = re.compile(r"^Your route has (gained \d+ orders?( and given away \d+)?|given away \d+ orders?): ")
ENDED = re.compile(r"^Your route has ended")


def fault_of(agent, mails, orders):
    """The fault in an agent's mails, if there is one.

    An agent gets one mail when a route begins, and one for each plan that gives it orders or takes orders from it. A
    route that ends before its mail is due has none, and the agents of the demo are fast. The first route is long.
    """
    is_due = any(order["agent_id"] == agent.user_id for order in orders)
    subjects = [mail.subject for mail in mails]
    begun = [subject for subject in subjects if NEW_ROUTE.search(subject)]
    others = [s for s in subjects if not (NEW_ROUTE.search(s) or CHANGED.search(s) or ENDED.search(s))]
    if others:
        return f"{agent.name} got mails that nobody knows: {others}"
    if is_due and not begun:
        return f"{agent.name} should hear of a new route, and got {subjects}"
    return None


def faults(mailbox, customers, agents, orders):
    """The faults in the mail, in words. The list is empty if there are none."""
    found = []
    for customer in customers:
        mails = mailbox.of(customer)
        own = [order for order in orders if order["customer_id"] == customer.user_id]
        # The agents of the demo drive much faster than planned, so a delivery may get another time more than once.
        told = [(name, word) for name, word in mailbox.told(customer) if word != "another time"]
        due = {(order["external_id"], "delivered") for order in own}
        allowed = due | {(order["external_id"], "assigned") for order in own}
        found += [f"{customer.name} should hear that {name} was {word}" for name, word in due - set(told)]
        twice = {news for news in told if told.count(news) > 1}
        found += [f"{customer.name} should hear once that {name} was {word}" for name, word in twice]
        unknown = [mail.subject for mail in mails if not mail.news] + sorted(set(told) - allowed)
        if unknown:
            found.append(f"{customer.name} should not hear of {unknown}")
    told = [fault_of(agent, mailbox.of(agent), orders) for agent in agents]
    return found + [fault for fault in told if fault]
