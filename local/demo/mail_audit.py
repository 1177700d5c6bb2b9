"""Whether everybody got the mails that were due to them, and no other."""

import collections


def due_to_agents(orders):
    """One mail for each time that a route gained orders. Orders that came to a route together were assigned at one moment."""
    gains = set()
    for order in orders:
        assigned = [line["at"] for line in order["history"] if line["status"] == "assigned"]
        gains |= {(order["agent_id"], order["route_id"], at) for at in assigned}
    return collections.Counter(agent_id for agent_id, _, _ in gains)


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
    due = due_to_agents(orders)
    for agent in agents:
        mails = mailbox.of(agent)
        if len(mails) != due[agent.user_id]:
            found.append(f"{agent.name} should get {due[agent.user_id]} emails, and got {len(mails)}")
    return found
