"""Checks that everybody got the mails that were due, and no others."""

import re

NEW_ROUTE = re.compile(r"^New route")
GAINED = re.compile(r"has gained (\d+) order")


def gains_of(orders):
    """The moments at which routes gained orders. Orders that join a route together are assigned at one moment."""
    return {(o["route_id"], line["at"]) for o in orders for line in o["history"] if line["status"] == "assigned"}


def fault_of(agent, mails, orders):
    """The fault in an agent's mails, if there is one.

    An agent gets one mail when a route begins, and one each time that the route gains orders. Two gains within a
    second have the same time in the histories of the orders. So the histories give the smallest number of mails, and
    the orders that the mails mention give the largest.
    """
    own = [order for order in orders if order["agent_id"] == agent.user_id]
    routes = {order["route_id"] for order in own}
    moments = gains_of(own)
    begun = [mail for mail in mails if NEW_ROUTE.search(mail.subject)]
    gains = [int(gained[1]) for mail in mails if (gained := GAINED.search(mail.subject))]
    if len(begun) != len(routes) or len(begun) + len(gains) != len(mails):
        return f"{agent.name} should hear of {len(routes)} new routes, and got {[mail.subject for mail in mails]}"
    if len(mails) < len(moments):
        return f"{agent.name} should get {len(moments)} emails at least, and got {len(mails)}"
    # Each route began with at least one order.
    if sum(gains) > len(own) - len(routes):
        return f"{agent.name} has {len(own)} orders, and was told of {gains} after the first ones"
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
