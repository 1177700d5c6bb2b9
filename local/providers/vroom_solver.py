"""VROOM itself, through its JSON, with our own travel times."""

import json
import tempfile

import vroom

import roads

PROFILE = "driving-car"
EXPLORATION_LEVEL, THREADS = 5, 2


class InputError(Exception):
    """VROOM says that the problem is not valid. The text is VROOM's."""


def solve(problem):
    """VROOM's answer to a problem, and the places by index. Places are `location`, `start` and `end`, as (lon, lat)."""
    places = _Places()
    indexed = {
        "vehicles": [
            _at(places, vehicle, {"start": "start_index", "end": "end_index"}) for vehicle in problem["vehicles"]
        ],
        "jobs": [_at(places, job, {"location": "location_index"}) for job in problem.get("jobs", [])],
        "shipments": [
            shipment
            | {end: _at(places, shipment[end], {"location": "location_index"}) for end in ("pickup", "delivery")}
            for shipment in problem.get("shipments", [])
        ],
    }
    durations, distances = roads.matrices(places.found)
    indexed["matrices"] = {PROFILE: {"durations": durations, "distances": distances}}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(indexed, file)
        file.flush()
        try:
            model = vroom.Input.from_json(file.name, geometry=False)
            answer = model.solve(exploration_level=EXPLORATION_LEVEL, nb_threads=THREADS).to_dict()
        except Exception as error:  # pyvroom's classes of VROOM's exceptions have no public name
            if type(error).__name__ == "VroomInputException":
                raise InputError(str(error)) from error
            raise
    return answer, places.found


def solve_by_priority(problem):
    """The same, but no task of the highest priority is left over for tasks of a lower priority.

    VROOM's search may end with such a plan. Then the tasks of the highest priority are planned alone, and the others
    are added.
    """
    answer, places = solve(problem)
    tasks = [*problem.get("jobs", []), *(shipment["pickup"] | shipment for shipment in problem.get("shipments", []))]
    highest = max((task["priority"] for task in tasks), default=0)
    first = {task["id"] for task in tasks if task["priority"] == highest}
    if len(first) == len(tasks) or not any(task["id"] in first for task in answer["unassigned"]):
        return answer, places
    shipments = [shipment for shipment in problem["shipments"] if shipment["pickup"]["id"] in first]
    jobs = [job for job in problem["jobs"] if job["id"] in first]
    begun, _ = solve(problem | {"jobs": jobs, "shipments": shipments})
    steps = {
        route["vehicle"]: [{name: step[name] for name in ("type", "id") if name in step} for step in route["steps"]]
        for route in begun["routes"]
    }
    vehicles = [
        vehicle | ({"steps": steps[vehicle["id"]]} if vehicle["id"] in steps else {}) for vehicle in problem["vehicles"]
    ]
    return solve(problem | {"vehicles": vehicles})


class _Places:
    def __init__(self):
        self.found, self._index = [], {}

    def index(self, place):
        place = tuple(place)
        if place not in self._index:
            self._index[place] = len(self.found)
            self.found.append(place)
        return self._index[place]


def _at(places, thing, names):
    told = {name: value for name, value in thing.items() if name not in names}
    return told | {names[name]: places.index(thing[name]) for name in names if thing.get(name) is not None}
