"""openrouteservice on this machine: `/optimization` (VROOM itself), `/v2/matrix/driving-car`, `/geocode/search`.

It is stricter than the service: it refuses every key that the service does not document. Its errors have the service's
form.
"""

import argparse
import re
import time

import ors_formats
import places
import roads
import serving
import vroom_solver
from serving import Answer, Refused

VROOM_INPUT_ERROR, VROOM_TOO_LARGE = 2, 4
MATRIX_INVALID_JSON, MATRIX_INVALID_VALUE, MATRIX_TOO_LARGE = 6000, 6003, 6004
# On a bad day, arrivals are later than possible by this many seconds.
TOO_LATE_S = 30 * 3600


class Ors:
    def __init__(self, key, public_limits):
        self.key = key
        self.most_vehicles, self.most_locations, self.most_pairs = (
            (3, 50, 3500) if public_limits else (200, 5000, 10**6)
        )
        self.gazetteer = places.Gazetteer()

    def calls(self):
        return {
            ("POST", r"/optimization"): self.optimization,
            ("POST", r"/v2/matrix/(?P<profile>[^/]+)"): self.matrix,
            ("GET", r"/geocode/search"): self.search,
        }

    def let_in(self, call):
        key = call.headers.get("authorization") or call.query.get("api_key")
        if not key:
            raise Refused(401, {"error": "Authorization field missing"})
        if key != self.key:
            raise Refused(403, {"error": "Access to this API has been disallowed"})

    # Routes

    def optimization(self, call):
        self.let_in(call)
        problem = _object(call, lambda told: {"code": VROOM_INPUT_ERROR, "error": told})
        wrong = ors_formats.faults(ors_formats.OPTIMIZATION, problem)
        if wrong:
            raise Refused(400, {"code": VROOM_INPUT_ERROR, "error": "; ".join(wrong[:5])})
        jobs, shipments, vehicles = (problem.get(name, []) for name in ("jobs", "shipments", "vehicles"))
        locations = len(jobs) + 2 * len(shipments)
        for what, count, most in (
            ("vehicles", len(vehicles), self.most_vehicles),
            ("locations", locations, self.most_locations),
        ):
            if count > most:
                told = f"Too many {what} ({count}) in query, maximum is set to {most}"
                raise Refused(413, {"code": VROOM_TOO_LARGE, "error": told})
        try:
            answer, found = vroom_solver.solve(problem)
        except vroom_solver.InputError as error:
            raise Refused(400, {"code": VROOM_INPUT_ERROR, "error": str(error)}) from error
        geometry = problem.get("options", {}).get("g", False)
        routes = [_route(route, found, geometry) for route in answer["routes"]]
        _spoil(call.mode, routes)
        unassigned = [_placed(task, found) for task in answer["unassigned"]]
        summary = {**answer["summary"], "routes": len(routes), "unassigned": len(unassigned)}
        if geometry:
            summary["distance"] = sum(route["distance"] for route in routes)
        return Answer(200, {"code": 0, "summary": summary, "unassigned": unassigned, "routes": routes})

    # Travel times

    def matrix(self, call):
        self.let_in(call)
        if call.parts["profile"] != "driving-car":
            raise Refused(404, _matrix_error(MATRIX_INVALID_VALUE, "Parameter 'profile' has incorrect value"))
        asked = _object(call, lambda told: _matrix_error(MATRIX_INVALID_JSON, told))
        wrong = ors_formats.faults(ors_formats.MATRIX, asked)
        if wrong:
            raise Refused(400, _matrix_error(MATRIX_INVALID_VALUE, "; ".join(wrong[:5])))
        all_places = [tuple(place) for place in asked["locations"]]
        ends = []
        for name in ("sources", "destinations"):
            indices = [int(index) for index in asked.get(name, range(len(all_places)))]
            if max(indices) >= len(all_places):
                raise Refused(400, _matrix_error(MATRIX_INVALID_VALUE, f"Parameter '{name}' has incorrect value"))
            ends.append([all_places[index] for index in indices])
        sources, destinations = ends
        if len(sources) * len(destinations) > self.most_pairs:
            told = (
                "Request parameters exceed the server configuration limits. "
                f"Only a total of {self.most_pairs} routes are allowed."
            )
            raise Refused(400, _matrix_error(MATRIX_TOO_LARGE, told))
        snapped = (
            [{"location": list(place), "snapped_distance": 3.2} for place in end] for end in (sources, destinations)
        )
        answer = dict(zip(("sources", "destinations"), snapped))
        if "duration" in asked.get("metrics", ["duration"]):
            answer["durations"] = [[float(roads.duration_s(a, b)) for b in destinations] for a in sources]
        if "distance" in asked.get("metrics", ["duration"]):
            answer["distances"] = [[float(roads.distance_m(a, b)) for b in destinations] for a in sources]
        if call.mode in ("missing_order", "broken_window"):
            # No road leads to this place.
            for name in answer.keys() & {"durations", "distances"}:
                for row in answer[name]:
                    row[-1] = None
        answer["metadata"] = {
            "service": "matrix",
            "timestamp": round(time.time() * 1000),
            "engine": {"version": "9.0.0"},
        }
        return Answer(200, answer)

    # Addresses

    def search(self, call):
        self.let_in(call)
        wrong = ors_formats.faults(ors_formats.GEOCODING, call.query)
        if wrong:
            raise Refused(
                400, {"geocoding": {"version": "0.2", "errors": wrong}, "type": "FeatureCollection", "features": []}
            )
        countries = [country for country in call.query.get("boundary.country", "").split(",") if country]
        focus = None
        if "focus.point.lat" in call.query:
            focus = float(call.query["focus.point.lat"]), float(call.query["focus.point.lon"])
        found = self.gazetteer.search(call.query["text"], countries, focus, int(call.query.get("size", 10)))
        about = {"version": "0.2", "query": {"text": call.query["text"]}, "timestamp": round(time.time() * 1000)}
        return Answer(200, {"geocoding": about, "type": "FeatureCollection", "features": found})


def bad_answer(status, call):
    """The form of an error differs between the gateway, VROOM and ORS itself."""
    told = {
        401: "Authorization field missing",
        403: "Quota exceeded",
        404: "Not Found",
        429: "Rate limit exceeded",
        500: "Internal error",
        503: "Service Unavailable",
    }[status]
    if status < 500:
        return {"error": told}
    return {"code": 1, "error": told} if call.path == "/optimization" else _matrix_error(6099, told)


def _object(call, error):
    try:
        body = call.json()
    except ValueError as broken:
        raise Refused(400, error(str(broken))) from broken
    if not isinstance(body, dict):
        raise Refused(400, error("an object is due"))
    return body


def _matrix_error(code, message):
    return {"error": {"code": code, "message": message}, "info": {"engine": {"version": "9.0.0"}, "timestamp": 0}}


def _placed(task, found):
    told = {name: value for name, value in task.items() if name != "location_index"}
    # A break has no place: it interrupts the way to the next one.
    return told if task.get("type") == "break" else told | {"location": list(found[task["location_index"]])}


def _route(route, found, geometry):
    way = []
    for step in route["steps"]:
        way.append(way[-1] if step["type"] == "break" else found[step["location_index"]])
    steps = [_placed(step, found) for step in route["steps"]]
    told = {name: value for name, value in route.items() if name != "steps"} | {"steps": steps}
    if geometry:
        metres = 0
        for step, before, here in zip(steps, [way[0], *way], way):
            metres += roads.distance_m(before, here)
            step["distance"] = metres
        told |= {"distance": metres, "geometry": roads.encoded(way)}
    return told


def _spoil(mode, routes):
    for route in routes:
        if mode == "broken_window":
            # Every stop after the start is late, also by the answer's own travel times.
            for step in route["steps"][1:]:
                step["arrival"] += TOO_LATE_S
                step["duration"] += TOO_LATE_S
            route["duration"] += TOO_LATE_S
        if mode == "missing_order":
            tasks = [step for step in route["steps"] if step["type"] in ("job", "pickup", "delivery")]
            gone = tasks[-1]["id"]
            route["steps"] = [step for step in route["steps"] if step["type"] == "break" or step.get("id") != gone]


def main():
    told = argparse.ArgumentParser(description=re.sub(r"\n.*", "", __doc__))
    told.add_argument("--port", type=int, default=0)
    told.add_argument("--key", default="local-ors-key")
    told.add_argument("--public-limits", action="store_true", help="3 vehicles, 50 locations, 3,500 pairs a matrix")
    told.add_argument("--child", action="store_true", help="end when standard input is closed")
    told = told.parse_args()
    server, url = serving.listen(told.port)
    serving.serve(server, url, Ors(told.key, told.public_limits).calls(), bad_answer, told.child)


if __name__ == "__main__":
    main()
