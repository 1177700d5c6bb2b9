"""Routes as GeoJSON, and as a page that draws that GeoJSON without any network."""

import html
import json
from pathlib import Path

TEMPLATE = Path(__file__).with_name("map.html")


def decode_polyline(text):
    """Encoded polyline, precision 5, as [lon, lat] pairs, which is GeoJSON's order."""
    position, lat, lon, points = 0, 0, 0, []
    while position < len(text):
        steps = []
        for _ in range(2):
            shift = value = 0
            while True:
                chunk = ord(text[position]) - 63
                position += 1
                value |= (chunk & 0x1F) << shift
                shift += 5
                if chunk < 0x20:
                    break
            steps.append(~(value >> 1) if value & 1 else value >> 1)
        lat, lon = lat + steps[0], lon + steps[1]
        points.append([lon / 1e5, lat / 1e5])
    return points


def line_of(route, start):
    """The line of the route. It is straight from stop to stop if the route has no geometry of its own."""
    if route.get("geometry"):
        return decode_polyline(route["geometry"])
    places = [start] + [stop["location"] for stop in route["stops"]]
    return [[place["lon"], place["lat"]] for place in places]


def feature_collection(driven):
    """GeoJSON of `driven`: dicts of agent (a row of agents.csv), route, and orders by id (rows of orders.csv)."""
    features = []
    for drive in driven:
        route, agent = drive["route"], drive["agent"]
        start = {"lat": float(agent["start_lat"]), "lon": float(agent["start_lon"])}
        common = {"agent": agent["name"], "route_id": route["route_id"]}
        line = {"type": "LineString", "coordinates": line_of(route, start)}
        about = {"distance_m": route["distance_m"], "duration_s": route["duration_s"], "provider": route["provider"]}
        about["breaks"] = [in_short(pause) for pause in route.get("breaks", [])]
        features.append(feature("route", line, common | about))
        place = {"place": agent["start_place"], "address": agent["start_address"]}
        features.append(feature("start", point(start), common | place))
        for stop in route["stops"]:
            row = drive["orders"].get(stop["order_id"], {})
            told = {
                "sequence": stop["sequence"],
                "place": row.get(f"{stop['kind']}_name", ""),
                "address": row.get(f"{stop['kind']}_address") or stop.get("address", ""),
                "eta": stop["eta"],
                "distance_m": stop["distance_m"],
                "order_id": stop["order_id"],
                "external_id": row.get("external_id", ""),
                "size": row.get("size", ""),
                "notes": row.get("notes", ""),
                "customer": row.get("customer", ""),
            }
            features.append(feature(stop["kind"], point(stop["location"]), common | told))
    return {"type": "FeatureCollection", "features": features}


def in_short(pause):
    """A break: the moment at which it can begin, and its length."""
    return {"from": pause["window"]["start"], "duration_s": pause["duration_s"]}


def feature(kind, geometry, properties):
    return {"type": "Feature", "geometry": geometry, "properties": {"kind": kind} | properties}


def point(location):
    return {"type": "Point", "coordinates": [location["lon"], location["lat"]]}


def page(collection, districts, title, time_zone):
    drawn = {"title": title, "time_zone": time_zone, "routes": collection, "districts": districts}
    # "<" is escaped, so that no text of an order can end the script element.
    carried = json.dumps(drawn, ensure_ascii=False).replace("<", "\\u003c")
    template = TEMPLATE.read_text(encoding="utf-8")
    return template.replace("__TITLE__", html.escape(title)).replace("__DRAWN__", carried)
