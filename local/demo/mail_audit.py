"""Whether everybody got the mails that were due to them, and no other."""

import re


NEW_ROUTE = re.compile(r"^New route")
GAINED = re.compile(r"has gained (\d+) order")


def gains_of(orders):
    """The moments at which routes gained orders. Orders that came to a route together were assigned at one moment."""
    return {(o["route_id"], line["at"]) for o in orders for line in o["history"] if line["status"] == "assigned"}


def fault_of(agent, mails, orders):
    """What is wrong with an agent's mails, if anything: each route is told of once when it begins, and once each time that it gains
    orders. Two gains within a second have the same time in the orders' histories, so these say how many mails there are at least;
    what the mails say that was gained says how many at most."""
    own = [order for order in orders if order["agent_id"] == agent.user_id]
    routes = {order["route_id"] for order in own}
    moments = gains_of(own)
    begun = [mail for mail in mails if NEW_ROUTE.search(mail.subject)]
    gains = [int(gained[1]) for mail in mails if (gained := GAINED.search(mail.subject))]
    if len(begun) != len(routes) or len(begun) + len(gains) != len(mails):
        return f"{agent.name} should hear of {len(routes)} new routes, and got {[mail.subject for mail in mails]}"
    if len(mails) < len(moments):
        return f"{agent.name} should get {len(moments)} emails at least, and got {len(mails)}"
    # Each route began with an order at least.
    if sum(gains) > len(own) - len(routes):
        return f"{agent.name} has {len(own)} orders, and was told of {gains} after the first ones"
    return None


def faults(mailbox, customers, agents, orders):
    """What is wrong with the mail, in words; nothing if nothing is."""
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
