"""A town whose streets run north-south and east-west. Every way follows the streets.

The travel times differ from the embedded planner's estimate on purpose. So the tests can tell apart the routes of the
two, and a plan that is checked with the wrong travel times fails.
"""

import math
from itertools import pairwise

import polyline

EARTH_RADIUS_M = 6_371_008.8
# The time to start and stop, and 28 km/h in between.
LEG_S, SPEED_M_PER_S = 75, 7.8


def corner(a, b):
    """The corner of the way, which first follows the meridian of `a`. Places are (lon, lat)."""
    return (a[0], b[1])


def distance_m(a, b):
    turn = corner(a, b)
    return round(_great_circle_m(a, turn) + _great_circle_m(turn, b))


def duration_s(a, b):
    metres = distance_m(a, b)
    return 0 if metres == 0 else round(LEG_S + metres / SPEED_M_PER_S)


def matrices(places):
    durations = [[duration_s(a, b) for b in places] for a in places]
    distances = [[distance_m(a, b) for b in places] for a in places]
    return durations, distances


def encoded(places):
    """The way through places as an encoded polyline of precision 5. A polyline has (lat, lon)."""
    way = [places[0]]
    for a, b in pairwise(places):
        for point in (corner(a, b), b):
            if point != way[-1]:
                way.append(point)
    return polyline.encode([(lat, lon) for lon, lat in way], 5)


def _great_circle_m(a, b):
    (lon_1, lat_1), (lon_2, lat_2) = ([math.radians(degrees) for degrees in place] for place in (a, b))
    half_lat, half_lon = (lat_2 - lat_1) / 2, (lon_2 - lon_1) / 2
    h = math.sin(half_lat) ** 2 + math.cos(lat_1) * math.cos(lat_2) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))
