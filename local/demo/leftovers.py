"""Removes the leftovers of an interrupted demo or of other trials in the city.

Agents of an earlier run who are still on duty would get this run's orders, and nobody would deliver them.
"""

import math

from waybill_client import expect

# Farther away than this, an agent is neither in a zone of the city nor in a neighbouring zone.
NEAR_KM = 80
INTERRUPTED = "left over from an earlier run of the demo"


def clear(dispatcher, external_ids, city):
    """Ends the demo's own open orders and takes every agent near the city off duty. Returns both numbers."""
    ended = 0
    for status, end in (("in_progress", "failed"), ("assigned", "cancelled"), ("pending", "cancelled")):
        for order in dispatcher.every("/orders", "orders", status=status, limit=100):
            if order.get("external_id") in external_ids:
                ended += dispatcher.mark(order["order_id"], end, INTERRUPTED).status_code == 200
    taken_off = 0
    for agent in dispatcher.every("/agents", "agents", status="active"):
        start = agent.get("start_location")
        if agent["on_duty"] and start and kilometres(start, city) < NEAR_KM:
            off_duty = dispatcher.put(f"/agents/{agent['agent_id']}", {"on_duty": False})
            if off_duty.status_code == 409:  # the route still has open stops
                expect(dispatcher.put(f"/agents/{agent['agent_id']}", {"status": "suspended"}), 200)
            taken_off += 1
    told = [(ended, "orders ended"), (taken_off, "agents taken off duty")]
    return ", ".join(f"{what}: {count}" for count, what in told if count)


def kilometres(a, b):
    east = (a["lon"] - b["lon"]) * math.cos(math.radians((a["lat"] + b["lat"]) / 2))
    return 111.2 * math.hypot(a["lat"] - b["lat"], east)
