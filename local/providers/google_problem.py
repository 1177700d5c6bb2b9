"""A request of Google's Route Optimization as VROOM's problem.

The request is Google's own type. A field that VROOM or this stand-in does not support is refused by name. If it were
ignored, the plan would differ from Google's.
"""

from dataclasses import dataclass
from itertools import pairwise

from vroom_solver import PROFILE

# The supported fields of each message. Every other field is refused.
KNOWN = {
    "OptimizeToursRequest": {
        "parent",
        "timeout",
        "model",
        "considerRoadTraffic",
        "populatePolylines",
        "populateTransitionPolylines",
        "label",
        "searchMode",
    },
    "ShipmentModel": {"shipments", "vehicles", "globalStartTime", "globalEndTime"},
    "Shipment": {
        "displayName",
        "label",
        "pickups",
        "deliveries",
        "loadDemands",
        "penaltyCost",
        "allowedVehicleIndices",
    },
    "VisitRequest": {
        "arrivalLocation",
        "arrivalWaypoint",
        "timeWindows",
        "duration",
        "label",
        "tags",
        "loadDemands",
    },
    "Vehicle": {
        "displayName",
        "label",
        "travelMode",
        "startLocation",
        "startWaypoint",
        "endLocation",
        "endWaypoint",
        "startTimeWindows",
        "endTimeWindows",
        "loadLimits",
        "costPerHour",
        "costPerTraveledHour",
        "costPerKilometer",
        "fixedCost",
        "usedIfRouteIsEmpty",
        "breakRule",
    },
    "BreakRule": {"breakRequests"},
    "BreakRequest": {"earliestStartTime", "latestStartTime", "minDuration"},
    "TimeWindow": {"startTime", "endTime", "softEndTime", "costPerHourAfterSoftEndTime"},
    "LoadLimit": {"maxLoad"},
}
# VROOM's highest priority. Orders that must be served come first.
MANDATORY = 100


class Invalid(Exception):
    """400 INVALID_ARGUMENT: a validation error, in Google's words."""


class NotServed(Exception):
    """501 UNIMPLEMENTED: Google would accept the request."""


@dataclass
class Problem:
    """The problem for VROOM, and the start of its clock (seconds since 1970)."""

    vroom: dict
    starts_s: int


def problem_of(request, raw):
    """VROOM's problem. Its times are seconds from `globalStartTime`, and its ids are indices."""
    _refuse_unknown("OptimizeToursRequest", raw, "")
    model = request.model
    raw_model = raw.get("model", {})
    for name in ("globalStartTime", "globalEndTime"):
        if name not in raw_model:
            raise Invalid(f"model.{name}: without it the model lives in 1970")
    starts, ends = seconds(model.global_start_time), seconds(model.global_end_time)
    if ends <= starts:
        raise Invalid("model.global_end_time: must be later than global_start_time")
    if not model.vehicles:
        raise Invalid("model.vehicles: at least one is needed")
    clock = _Clock(starts, ends)
    kinds = sorted(
        {kind for vehicle in model.vehicles for kind in vehicle.load_limits}
        | {kind for shipment in model.shipments for kind in shipment.load_demands}
    )
    counted = _counted(model)
    kinds = [kind for kind in kinds if kind != counted]
    vehicles = [_vehicle(index, vehicle, kinds, clock) for index, vehicle in enumerate(model.vehicles)]
    _limit_tasks(model, counted, vehicles)
    largest = max((shipment.penalty_cost for shipment in model.shipments), default=0)
    vroom = {"vehicles": vehicles, "jobs": [], "shipments": []}
    for index, shipment in enumerate(model.shipments):
        _shipment(index, shipment, raw_model["shipments"][index], largest, vehicles, kinds, clock, vroom)
    return Problem(vroom, starts)


def _counted(model):
    """A load to which each pickup adds one, and which nothing lowers. It limits the pickups of a vehicle."""
    demands = [
        {kind: load.amount for kind, load in visit.load_demands.items()}
        for shipment in model.shipments
        for visit in [*shipment.pickups, *shipment.deliveries]
    ]
    kinds = {kind for demand in demands for kind in demand}
    if not kinds:
        return None
    at_deliveries = any(visit.load_demands for shipment in model.shipments for visit in shipment.deliveries)
    if len(kinds) > 1 or at_deliveries or any(demand not in ({}, dict.fromkeys(kinds, 1)) for demand in demands):
        raise NotServed("load_demands of visits other than one for each pickup")
    return kinds.pop()


def _limit_tasks(model, counted, vehicles):
    """The limit on pickups as VROOM's limit on tasks. An order has two tasks, and an order aboard has one."""
    for index, (vehicle, told) in enumerate(zip(model.vehicles, vehicles)):
        if counted and counted in vehicle.load_limits:
            aboard = sum(
                not shipment.pickups and index in shipment.allowed_vehicle_indices for shipment in model.shipments
            )
            told["max_tasks"] = 2 * vehicle.load_limits[counted].max_load + aboard


class _Clock:
    def __init__(self, starts, ends):
        self.starts, self.ends = starts, ends

    def window(self, window, where):
        """A hard window in seconds from the start. VROOM has no lateness, so a soft end is no end."""
        first = seconds(window.start_time) if window._pb.HasField("start_time") else self.starts
        last = seconds(window.end_time) if window._pb.HasField("end_time") else self.ends
        for name, moment in (("start_time", first), ("end_time", last)):
            if not self.starts <= moment <= self.ends:
                raise Invalid(f"{where}.{name}: must be within [global_start_time, global_end_time]")
        if last < first:
            raise Invalid(f"{where}: end_time is before start_time")
        return [first - self.starts, last - self.starts]

    def windows(self, windows, where):
        found = [self.window(window, f"{where}[{number}]") for number, window in enumerate(windows)]
        if any(later[0] <= earlier[1] for earlier, later in pairwise(found)):
            raise Invalid(f"{where}: must be sorted and disjoint")
        return found


def _vehicle(index, vehicle, kinds, clock):
    where = f"model.vehicles[{index}]"
    if not any((vehicle.cost_per_hour, vehicle.cost_per_traveled_hour, vehicle.cost_per_kilometer)):
        raise Invalid(f"{where}: has no cost per hour or kilometre, so that any route would be as good as any other")
    told = {"id": index, "profile": PROFILE, "skills": [index + 1]}
    for name, place in (("start", _place(vehicle, "start", where)), ("end", _place(vehicle, "end", where))):
        if place:
            told[name] = place
    if "start" not in told and "end" not in told:
        raise NotServed(f"{where}: neither starts nor ends anywhere")
    start = clock.windows(vehicle.start_time_windows, f"{where}.start_time_windows") or [[0, clock.ends - clock.starts]]
    end = clock.windows(vehicle.end_time_windows, f"{where}.end_time_windows") or [[0, clock.ends - clock.starts]]
    if len(start) > 1 or len(end) > 1:
        raise NotServed(f"{where}: several start or end windows")
    told["time_window"] = [start[0][0], end[0][1]]
    breaks = [_break(number, one, where, clock) for number, one in enumerate(vehicle.break_rule.break_requests)]
    if any(later["time_windows"][0][0] < _latest_end(earlier) for earlier, later in pairwise(breaks)):
        raise Invalid(f"{where}.break_rule: the break requests must be sorted and must not overlap")
    if breaks:
        told["breaks"] = breaks
    # A load without a limit is unlimited.
    told["capacity"] = [vehicle.load_limits[kind].max_load if kind in vehicle.load_limits else 10**9 for kind in kinds]
    return told


def _break(number, request, vehicle, clock):
    where = f"{vehicle}.break_rule.break_requests[{number}]"
    for name in ("earliest_start_time", "latest_start_time", "min_duration"):
        if not request._pb.HasField(name):
            raise Invalid(f"{where}.{name}: is required")
    span = [seconds(request.earliest_start_time) - clock.starts, seconds(request.latest_start_time) - clock.starts]
    if not 0 <= span[0] <= span[1] <= clock.ends - clock.starts:
        raise Invalid(f"{where}: must begin within the model, and its latest start is not before its earliest")
    length = int(request.min_duration.total_seconds())
    if length <= 0:
        raise Invalid(f"{where}.min_duration: must be above 0")
    return {"id": number, "time_windows": [span], "service": length}


def _latest_end(told):
    return told["time_windows"][0][1] + told["service"]


def _shipment(index, shipment, raw, largest, vehicles, kinds, clock, vroom):
    where = f"model.shipments[{index}]"
    if len(shipment.pickups) > 1 or len(shipment.deliveries) > 1:
        raise NotServed(f"{where}: several pickups or deliveries are alternatives")
    if not shipment.pickups and not shipment.deliveries:
        raise Invalid(f"{where}: needs a pickup or a delivery")
    amount = [shipment.load_demands[kind].amount if kind in shipment.load_demands else 0 for kind in kinds]
    if any(not 0 <= one <= 2**31 for one in amount):
        raise Invalid(f"{where}.load_demands: out of range")
    about = {"priority": _priority(raw["penaltyCost"], largest) if "penaltyCost" in raw else MANDATORY}
    allowed = sorted(set(shipment.allowed_vehicle_indices))
    if any(not 0 <= vehicle < len(vehicles) for vehicle in allowed):
        raise Invalid(f"{where}.allowed_vehicle_indices: no such vehicle")
    if len(allowed) == 1:
        about["skills"] = [allowed[0] + 1]
    elif 1 < len(allowed) < len(vehicles):
        # Above the skills that each vehicle has for itself.
        about["skills"] = [len(vehicles) + 1 + index]
        for vehicle in allowed:
            vehicles[vehicle]["skills"].append(len(vehicles) + 1 + index)
    pickup = [_visit(index, visit, f"{where}.pickups[0]", clock) for visit in shipment.pickups]
    delivery = [_visit(index, visit, f"{where}.deliveries[0]", clock) for visit in shipment.deliveries]
    if pickup and delivery:
        vroom["shipments"].append(about | {"amount": amount, "pickup": pickup[0], "delivery": delivery[0]})
    elif delivery:
        # The order is aboard from the start.
        vroom["jobs"].append(about | delivery[0] | {"delivery": amount})
    else:
        vroom["jobs"].append(about | pickup[0] | {"pickup": amount})


def _priority(penalty, largest):
    """VROOM adds up priorities, and Google adds up penalties. So the two must have the same proportions."""
    return round((MANDATORY - 1) * penalty / largest) if largest else 0


def _visit(index, visit, where, clock):
    place = _place(visit, "arrival", where)
    if not place:
        raise Invalid(f"{where}: needs an arrival_location or an arrival_waypoint")
    told = {"id": index, "location": place, "service": int(visit.duration.total_seconds())}
    windows = clock.windows(visit.time_windows, f"{where}.time_windows")
    return told | ({"time_windows": windows} if windows else {})


def _place(message, name, where):
    """(lon, lat) of a location or a waypoint."""
    if message._pb.HasField(f"{name}_location"):
        place = getattr(message, f"{name}_location")
    elif message._pb.HasField(f"{name}_waypoint"):
        place = getattr(message, f"{name}_waypoint").location.lat_lng
    else:
        return None
    if not -90 <= place.latitude <= 90 or not -180 <= place.longitude <= 180:
        raise Invalid(f"{where}.{name}_location: latitude must be in [-90, 90] and longitude in [-180, 180]")
    return (place.longitude, place.latitude)


def seconds(moment):
    """A timestamp in whole seconds. Google accepts no others."""
    if moment.microsecond:
        raise Invalid(f"{moment.isoformat()}: fractional seconds are not supported")
    return int(moment.timestamp())


def _refuse_unknown(kind, raw, where):
    """Google's client has parsed `raw`, so every key in it is one of Google's."""
    inside = {
        "model": "ShipmentModel",
        "shipments": "Shipment",
        "vehicles": "Vehicle",
        "pickups": "VisitRequest",
        "deliveries": "VisitRequest",
        "timeWindows": "TimeWindow",
        "startTimeWindows": "TimeWindow",
        "endTimeWindows": "TimeWindow",
        "breakRule": "BreakRule",
        "breakRequests": "BreakRequest",
    }
    for name, value in raw.items():
        path = f"{where}{name}"
        if name not in KNOWN[kind]:
            raise NotServed(f"{path}: Google takes it, this stand-in does not")
        if name in inside:
            for one in value if isinstance(value, list) else [value]:
                _refuse_unknown(inside[name], one, f"{path}.")
        if name == "loadLimits":
            for one in value.values():
                _refuse_unknown("LoadLimit", one, f"{path}.")
