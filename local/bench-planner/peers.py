"""The other solvers. Each takes a problem and a number of seconds, and returns routes.

`peers.py NAME FILE SECONDS` prints the routes as JSON. Each solver is a process of its own, so that its peak memory
can be measured.
"""

import json
import sys
from datetime import timedelta

import problems

# More than all travel of a vehicle, for problems in which fewer vehicles come first.
VEHICLE_COST = 10**8


def vroom(problem, seconds):
    """VROOM (J. Coupey and others), at its highest exploration level."""
    import numpy
    import vroom as library

    solver = library.Input()
    solver.set_durations_matrix("car", numpy.array(problem.durations, dtype=numpy.uint32))
    solver.set_costs_matrix("car", numpy.array(problem.distances, dtype=numpy.uint32))
    fixed = VEHICLE_COST if problem.vehicles_first else 0
    for index, it in enumerate(problem.vehicles):
        solver.add_vehicle(
            library.Vehicle(
                index,
                start=it.start,
                end=it.end,
                capacity=[it.capacity],
                time_window=library.TimeWindow(*it.shift),
                costs=library.VehicleCosts(fixed=fixed),
            )
        )

    def step(index, stop, shift_end):
        window = library.TimeWindow(stop.window[0], min(stop.window[1], shift_end))
        return library.ShipmentStep(
            index, stop.point, default_service=stop.service, time_windows=[window]
        )

    last = max(it.shift[1] for it in problem.vehicles)
    for index, order in enumerate(problem.orders):
        solver.add_shipment(
            step(index, order.pickup, last),
            step(index, order.dropoff, last),
            amount=library.Amount([order.size]),
        )
    found = solver.solve(
        exploration_level=5, nb_threads=1, timeout=timedelta(seconds=seconds)
    )
    routes = {}
    for _, step in found.routes.iterrows():
        if step["type"] in ("pickup", "delivery"):
            kind = "pickup" if step["type"] == "pickup" else "dropoff"
            routes.setdefault(int(step["vehicle_id"]), []).append((int(step["id"]), kind))
    return routes


def ortools(problem, seconds):
    """OR-Tools' routing library (Google): parallel cheapest insertion, then guided local search."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    # Nodes: each vehicle's start, each order's pickup and drop-off, one end.
    starts = [it.start for it in problem.vehicles]
    points, service = list(starts), [0] * len(starts)
    for order in problem.orders:
        for stop in (order.pickup, order.dropoff):
            points.append(stop.point)
            service.append(stop.service)
    first = len(starts)
    ends = {}
    for it in problem.vehicles:
        if it.end not in ends:
            ends[it.end] = len(points)
            points.append(it.end)
            service.append(0)
    manager = pywrapcp.RoutingIndexManager(
        len(points), len(starts), list(range(first)), [ends[it.end] for it in problem.vehicles]
    )
    model = pywrapcp.RoutingModel(manager)

    def leg(matrix, a, b):
        return 0 if points[a] is None or points[b] is None else matrix[points[a]][points[b]]

    def cost(a, b):
        return leg(problem.distances, manager.IndexToNode(a), manager.IndexToNode(b))

    def time(a, b):
        a, b = manager.IndexToNode(a), manager.IndexToNode(b)
        return service[a] + leg(problem.durations, a, b)

    sizes = [0] * len(points)
    for index, order in enumerate(problem.orders):
        sizes[first + 2 * index] = order.size
        sizes[first + 2 * index + 1] = -order.size

    model.SetArcCostEvaluatorOfAllVehicles(model.RegisterTransitCallback(cost))
    horizon = max(it.shift[1] for it in problem.vehicles)
    model.AddDimension(model.RegisterTransitCallback(time), horizon, horizon, False, "time")
    load = model.RegisterUnaryTransitCallback(lambda a: sizes[manager.IndexToNode(a)])
    capacities = [it.capacity for it in problem.vehicles]
    model.AddDimensionWithVehicleCapacity(load, 0, capacities, True, "load")
    clock = model.GetDimensionOrDie("time")
    for vehicle, it in enumerate(problem.vehicles):
        clock.CumulVar(model.Start(vehicle)).SetRange(*it.shift)
        clock.CumulVar(model.End(vehicle)).SetRange(*it.shift)
    if problem.vehicles_first:
        model.SetFixedCostOfAllVehicles(VEHICLE_COST)
    for index, order in enumerate(problem.orders):
        pickup = manager.NodeToIndex(first + 2 * index)
        dropoff = manager.NodeToIndex(first + 2 * index + 1)
        model.AddPickupAndDelivery(pickup, dropoff)
        solver = model.solver()
        solver.Add(model.VehicleVar(pickup) == model.VehicleVar(dropoff))
        solver.Add(clock.CumulVar(pickup) <= clock.CumulVar(dropoff))
        for node, stop in ((pickup, order.pickup), (dropoff, order.dropoff)):
            latest = min(stop.window[1], horizon - stop.service)
            clock.CumulVar(node).SetRange(stop.window[0], latest)
        # An unserved order costs more than any vehicle.
        model.AddDisjunction([pickup, dropoff], 100 * VEHICLE_COST, 2)
    search = pywrapcp.DefaultRoutingSearchParameters()
    search.first_solution_strategy = (
        routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    )
    search.local_search_metaheuristic = (
        routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    )
    search.time_limit.FromMilliseconds(int(seconds * 1000))
    found = model.SolveWithParameters(search)
    routes = {}
    for vehicle in range(len(starts)) if found else []:
        at = model.Start(vehicle)
        while not model.IsEnd(at):
            node = manager.IndexToNode(at) - first
            if node >= 0:
                kind = "dropoff" if node % 2 else "pickup"
                routes.setdefault(vehicle, []).append((node // 2, kind))
            at = found.Value(model.NextVar(at))
    return routes


def pyvrp(problem, seconds):
    """PyVRP (N. Wouda, L. Lan, W. Kool) with shipments. An unserved shipment has a price."""
    import pyvrp as library
    from pyvrp.stop import MaxRuntime

    model = library.Model()
    places = [model.add_location(0, 0) for _ in problem.distances]
    nowhere = model.add_location(0, 0)
    for a, place in enumerate(places):
        for b, other in enumerate(places):
            model.add_edge(place, other, problem.distances[a][b], problem.durations[a][b])
        model.add_edge(place, nowhere, 0, 0)
        model.add_edge(nowhere, place, 0, 0)
    depots = {}

    def depot(place):
        if id(place) not in depots:
            depots[id(place)] = model.add_depot(place)
        return depots[id(place)]

    for it in problem.vehicles:
        model.add_vehicle_type(
            1,
            capacity=it.capacity,
            start_depot=depot(places[it.start]),
            end_depot=depot(nowhere if it.end is None else places[it.end]),
            fixed_cost=VEHICLE_COST if problem.vehicles_first else 0,
            tw_early=it.shift[0],
            tw_late=it.shift[1],
        )
    for order in problem.orders:
        model.add_shipment(
            places[order.pickup.point],
            places[order.dropoff.point],
            *order.pickup.window,
            order.pickup.service,
            *order.dropoff.window,
            order.dropoff.service,
            amount=order.size,
            prize=2 * VEHICLE_COST,
            required=False,
        )
    found = model.solve(MaxRuntime(seconds), display=False).best
    routes = {}
    for route in found.routes() if found.is_feasible() else []:
        for step in route.schedule():
            if step.is_pickup() or step.is_delivery():
                kind = "pickup" if step.is_pickup() else "dropoff"
                routes.setdefault(route.vehicle_type(), []).append((step.idx, kind))
    return routes


PEERS = {"VROOM": vroom, "OR-Tools": ortools, "PyVRP": pyvrp}


def main():
    name, path, seconds = sys.argv[1:]
    problem = problems.load(path)
    routes = PEERS[name](problem, float(seconds))
    answer = [
        {
            "vehicle": problem.vehicles[vehicle].id,
            "stops": [
                {"order": problem.orders[order].id, "kind": kind} for order, kind in stops
            ],
        }
        for vehicle, stops in sorted(routes.items())
    ]
    print(json.dumps({"routes": answer}))


if __name__ == "__main__":
    main()
