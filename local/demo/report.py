"""Prints the longer reports of the demo."""

import os
from datetime import datetime
from zoneinfo import ZoneInfo

MARGIN = " " * 10


def local_time(moment, time_zone):
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(time_zone))


def route_table(routes, names, time_zone):
    """One line per route: agent, orders, stops, km, driving time, first and last ETA, breaks, provider."""
    lines = [("agent", "orders", "stops", "km", "driving", "first ETA", "last ETA", "break", "planned by")]
    for route in sorted(routes, key=lambda route: (names[route["agent_id"]], route["created_at"])):
        etas = sorted(local_time(stop["eta"], time_zone) for stop in route["stops"])
        minutes = round(route["duration_s"] / 60)
        driving = f"{minutes // 60} h {minutes % 60:02} min"
        km = f"{route['distance_m'] / 1000:.1f}"
        ends = (f"{eta:%H:%M}" for eta in (etas[0], etas[-1]))
        orders = len({stop["order_id"] for stop in route["stops"]})
        pauses = (
            f"{pause['duration_s'] // 60} min from {local_time(pause['window']['start'], time_zone):%H:%M}"
            for pause in route.get("breaks", [])
        )
        counts = (str(orders), str(len(route["stops"])))
        drive = (km, driving, *ends, ", ".join(pauses) or "-", route["provider"])
        lines.append((names[route["agent_id"]], *counts, *drive))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        MARGIN + "   ".join([line[0].ljust(widths[0])] + [cell.rjust(w) for cell, w in zip(line[1:], widths[1:])])
        for line in lines
    )


def letter(mail):
    lines = [f"Subject: {mail.subject}", "", *mail.text.strip().splitlines()]
    return "\n".join((MARGIN + "| " + line).rstrip() for line in lines)


def how_to_go_on(email, password):
    port = os.environ.get("PORT")
    make = f"make PORT={port}" if port else "make"
    return f"""
Look at the routes: open local/demo/out/routes.html in a browser.
The stack is still up. To call it as one of the customers:
  eval "$({make} -s env)"
  TOKEN=$(curl -s "$API_URL/login" -H 'Content-Type: application/json' \\
    -d '{{"email": "{email}", "password": "{password}"}}' \\
    | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
  curl -s "$API_URL/orders?limit=2" -H "Authorization: Bearer $TOKEN" | python3 -m json.tool
To stop it: {make} down
"""
