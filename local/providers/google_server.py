"""Google's Route Optimization on this machine: `optimizeTours`, and the OAuth 2.0 endpoint for a service account.

Google's own published client parses the requests and refuses unknown fields. Its types form the answers, so zeros are
left out as in Google's answers. VROOM solves the problems.
"""

import argparse
import re
from datetime import UTC, datetime, timedelta

from google.maps import routeoptimization_v1 as google
from google.protobuf import json_format

import google_problem
import roads
import serving
import vroom_solver
from google_oauth import Accounts
from serving import Answer, Refused

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}
TOO_LATE = timedelta(hours=30)


class Google:
    def __init__(self, accounts, project):
        self.accounts, self.project = accounts, project

    def calls(self):
        return {
            ("POST", r"/token"): self.accounts.token,
            ("POST", r"/v1/projects/(?P<project>[^/:]+):optimizeTours"): self.optimize_tours,
        }

    def optimize_tours(self, call):
        if not self.accounts.knows(call.headers.get("authorization")):
            raise refused(401, "Request had invalid authentication credentials. Expected OAuth 2 access token.")
        if call.parts["project"] != self.project:
            raise refused(403, f"Permission denied on resource project {call.parts['project']}.")
        request, raw = _parsed(call)
        if raw.get("parent", f"projects/{self.project}") != f"projects/{self.project}":
            raise refused(400, "parent: differs from the path")
        try:
            problem = google_problem.problem_of(request, raw)
            answer, places = vroom_solver.solve_by_priority(problem.vroom)
        except (google_problem.Invalid, vroom_solver.InputError) as error:
            raise refused(400, str(error)) from error
        except google_problem.NotServed as error:
            raise refused(501, str(error)) from error
        response = _response(request, problem, answer, places)
        _spoil(call.mode, response)
        return Answer(200, json_format.MessageToDict(google.OptimizeToursResponse.pb(response)))


def _parsed(call):
    """The request, and the request as plain JSON without the fields that are not set."""
    message = google.OptimizeToursRequest.pb()()
    try:
        json_format.Parse(call.raw, message, ignore_unknown_fields=False)
    except json_format.ParseError as error:
        detail = {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"description": str(error)}],
        }
        raise refused(400, f"Invalid JSON payload received. {error}", [detail]) from error
    return google.OptimizeToursRequest.wrap(message), json_format.MessageToDict(message)


def _response(request, problem, answer, places):
    model, origin = request.model, datetime.fromtimestamp(problem.starts_s, UTC)
    routes = {route["vehicle"]: route for route in answer["routes"]}
    made = [
        _route(index, vehicle, model, routes.get(index), origin, places, request.populate_polylines)
        for index, vehicle in enumerate(model.vehicles)
    ]
    left_over = sorted({task["id"] for task in answer["unassigned"]})
    for index in left_over:
        if model.shipments[index]._pb.HasField("penalty_cost"):
            continue
        raise refused(400, f"model.shipments[{index}]: is mandatory (no penalty_cost) and cannot be performed")
    skipped = [_skipped(index, model) for index in left_over]
    return google.OptimizeToursResponse(
        routes=made,
        request_label=request.label,
        skipped_shipments=skipped,
        metrics=google.OptimizeToursResponse.Metrics(used_vehicle_count=len(routes)),
    )


def _route(index, vehicle, model, route, origin, places, polylines):
    made = google.ShipmentRoute(vehicle_index=index, vehicle_label=vehicle.label)
    if route is None:
        return made
    # A break is a part of the way to the next visit.
    breaks = [step for step in route["steps"] if step["type"] == "break"]
    steps = [step for step in route["steps"] if step["type"] != "break"]
    way = [places[step["location_index"]] for step in steps]
    begins = [origin + timedelta(seconds=step["arrival"] + step["waiting_time"]) for step in steps]
    made.vehicle_start_time, made.vehicle_end_time = begins[0], begins[-1]
    for step, begin in zip(steps, begins):
        if step["type"] not in ("start", "end"):
            made.visits.append(_visit(step, model.shipments[step["id"]], begin))
    left = begins[0]
    for before, step, a, b, begin in zip(steps, steps[1:], way, way[1:], begins[1:]):
        travel = timedelta(seconds=step["duration"] - before["duration"])
        rests = [rest for rest in breaks if before["arrival"] <= rest["arrival"] <= step["arrival"]]
        resting = timedelta(seconds=sum(rest["service"] for rest in rests))
        breaks = [rest for rest in breaks if rest not in rests]
        wait = begin - left - travel - resting
        made.transitions.append(
            google.ShipmentRoute.Transition(
                travel_duration=travel,
                travel_distance_meters=roads.distance_m(a, b),
                wait_duration=wait,
                break_duration=resting,
                total_duration=travel + wait + resting,
                start_time=left,
            )
        )
        left = begin + timedelta(seconds=step["service"])
    visits = timedelta(seconds=route["service"])
    travel = timedelta(seconds=route["duration"])
    made.metrics = google.AggregatedMetrics(
        performed_shipment_count=len({visit.shipment_index for visit in made.visits}),
        travel_duration=travel,
        wait_duration=begins[-1] - begins[0] - travel - visits,
        visit_duration=visits,
        total_duration=begins[-1] - begins[0],
        travel_distance_meters=sum(transition.travel_distance_meters for transition in made.transitions),
    )
    if polylines:
        made.route_polyline = google.ShipmentRoute.EncodedPolyline(points=roads.encoded(way))
    return made


def _visit(step, shipment, begin):
    is_pickup = step["type"] == "pickup" or (step["type"] == "job" and not shipment.deliveries)
    asked = (shipment.pickups if is_pickup else shipment.deliveries)[0]
    sign = 1 if is_pickup else -1
    return google.ShipmentRoute.Visit(
        shipment_index=step["id"],
        is_pickup=is_pickup,
        visit_request_index=0,
        start_time=begin,
        shipment_label=shipment.label,
        visit_label=asked.label,
        load_demands={
            kind: google.Shipment.Load(amount=sign * load.amount) for kind, load in shipment.load_demands.items()
        },
    )


def _skipped(index, model):
    shipment = model.shipments[index]
    codes = google.SkippedShipment.Reason.Code

    def fits(vehicle):
        limits = vehicle.load_limits
        return all(
            load.amount <= limits[kind].max_load for kind, load in shipment.load_demands.items() if kind in limits
        )

    too_large = not any(fits(vehicle) for vehicle in model.vehicles)
    code = codes.DEMAND_EXCEEDS_VEHICLE_CAPACITY if too_large else codes.CANNOT_BE_PERFORMED_WITHIN_VEHICLE_TIME_WINDOWS
    return google.SkippedShipment(
        index=index,
        label=shipment.label,
        penalty_cost=shipment.penalty_cost,
        reasons=[google.SkippedShipment.Reason(code=code, example_vehicle_index=0)],
    )


def _spoil(mode, response):
    for route in response.routes:
        if not route.visits:
            continue
        if mode == "broken_window":
            # Every stop after the start is late, also by the answer's own travel times.
            route.transitions[0].travel_duration += TOO_LATE
            route.transitions[0].total_duration += TOO_LATE
            for transition in list(route.transitions)[1:]:
                transition.start_time += TOO_LATE
            for visit in route.visits:
                visit.start_time += TOO_LATE
            route.vehicle_end_time += TOO_LATE
        if mode == "missing_order":
            gone = route.visits[-1].shipment_index
            kept = [number for number, visit in enumerate(route.visits) if visit.shipment_index != gone]
            visits, transitions = list(route.visits), list(route.transitions)
            route.visits = [visits[number] for number in kept]
            route.transitions = [transitions[number] for number in kept] + transitions[-1:]


def refused(status, message, details=()):
    return Refused(status, _error(status, message, details))


def _error(status, message, details=()):
    error = {"code": status, "message": message, "status": STATUS[status]}
    return {"error": error | ({"details": list(details)} if details else {})}


def bad_answer(status, _call):
    told = {
        401: "Request had invalid authentication credentials. Expected OAuth 2 access token.",
        403: "The caller does not have permission",
        404: "Requested entity was not found.",
        429: "Quota exceeded for quota metric 'OptimizeTours requests' and limit 'OptimizeTours requests per minute'.",
        500: "Internal error encountered.",
        503: "The service is currently unavailable.",
    }[status]
    return _error(status, told)


def main():
    told = argparse.ArgumentParser(description=re.sub(r"\n.*", "", __doc__))
    told.add_argument("--port", type=int, default=0)
    told.add_argument("--project", default="waybill-local")
    told.add_argument("--service-account", required=True, help="where the account's file is, or is to be written")
    told.add_argument("--child", action="store_true", help="end when standard input is closed")
    told = told.parse_args()
    server, url = serving.listen(told.port)
    accounts = Accounts(url, told.project, told.service_account)
    serving.serve(server, url, Google(accounts, told.project).calls(), bad_answer, told.child, spared=("/token",))


if __name__ == "__main__":
    main()
