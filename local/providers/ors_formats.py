"""The format of openrouteservice, key by key. It is stricter than the service.

VROOM ignores unknown keys. A misspelt `time_windows` would be no error there, and a parcel would be late. Windows in
the wrong order are no error either, and VROOM treats them as impossible. So both are refused here. VROOM itself
checks windows that end before they start, and ids that are used twice.
"""

import jsonschema


def strict(required, **properties):
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def list_of(items, **more):
    return {"type": "array", "items": items, **more}


# For JSON Schema 1.0 is an integer, and for VROOM it is not.
WHOLE = {"type": "integer", "minimum": 0, "maximum": 2**32 - 1, "not_a_float": True}
LONGITUDE = {"type": "number", "minimum": -180, "maximum": 180}
LATITUDE = {"type": "number", "minimum": -90, "maximum": 90}
PLACE = {"type": "array", "prefixItems": [LONGITUDE, LATITUDE], "items": False, "minItems": 2}
WINDOW = list_of(WHOLE, minItems=2, maxItems=2)
WINDOWS = list_of(WINDOW, minItems=1, sorted_and_disjoint=True)
AMOUNT = list_of(WHOLE)
SKILLS = list_of(WHOLE, minItems=1, uniqueItems=True)
PRIORITY = {**WHOLE, "maximum": 100}
TEXT = {"type": "string"}

STEP = {
    "id": WHOLE,
    "description": TEXT,
    "location": PLACE,
    "setup": WHOLE,
    "service": WHOLE,
    "time_windows": WINDOWS,
}
JOB = strict(["id", "location"], **STEP, delivery=AMOUNT, pickup=AMOUNT, skills=SKILLS, priority=PRIORITY)
SHIPMENT = strict(
    ["pickup", "delivery"],
    pickup=strict(["id", "location"], **STEP),
    delivery=strict(["id", "location"], **STEP),
    amount=AMOUNT,
    skills=SKILLS,
    priority=PRIORITY,
)
BREAK = strict(["id", "time_windows", "service"], id=WHOLE, time_windows=WINDOWS, service=WHOLE, description=TEXT)
VEHICLE_STEP = strict(
    ["type"],
    type={"enum": ["start", "job", "pickup", "delivery", "break", "end"]},
    id=WHOLE,
    service_at=WHOLE,
    service_after=WHOLE,
    service_before=WHOLE,
)
VEHICLE = {
    **strict(
        ["id", "profile"],
        id=WHOLE,
        profile={"const": "driving-car"},
        description=TEXT,
        start=PLACE,
        end=PLACE,
        capacity=AMOUNT,
        costs=strict([], fixed=WHOLE, per_hour=WHOLE, per_km=WHOLE),
        skills=SKILLS,
        time_window=WINDOW,
        breaks=list_of(BREAK, minItems=1),
        speed_factor={"type": "number", "exclusiveMinimum": 0, "maximum": 5},
        max_tasks=WHOLE,
        max_travel_time=WHOLE,
        max_distance=WHOLE,
        steps=list_of(VEHICLE_STEP),
    ),
    "anyOf": [{"required": ["start"]}, {"required": ["end"]}],
}
OPTIMIZATION = {
    **strict(
        ["vehicles"],
        jobs=list_of(JOB, minItems=1),
        shipments=list_of(SHIPMENT, minItems=1),
        vehicles=list_of(VEHICLE, minItems=1),
        options=strict([], g={"type": "boolean"}),
    ),
    "anyOf": [{"required": ["jobs"]}, {"required": ["shipments"]}],
}

# Indices of places, as numbers or as text. The service's own documentation has text.
INDICES = list_of({"anyOf": [WHOLE, {"type": "string", "pattern": "^(0|[1-9][0-9]*)$"}]}, minItems=1)
MATRIX = strict(
    ["locations"],
    id=TEXT,
    locations=list_of(PLACE, minItems=2),
    sources=INDICES,
    destinations=INDICES,
    metrics=list_of({"enum": ["distance", "duration"]}, minItems=1, uniqueItems=True),
    units={"const": "m"},
    resolve_locations={"type": "boolean"},
)

GEOCODING = strict(
    ["text"],
    text={"type": "string", "minLength": 1},
    api_key=TEXT,
    size={"type": "string", "pattern": "^([1-9]|[1-3][0-9]|40)$"},
    **{
        "boundary.country": {"type": "string", "pattern": "^([A-Z]{2}|[A-Z]{3})(,([A-Z]{2}|[A-Z]{3}))*$"},
        "focus.point.lat": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
        "focus.point.lon": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
        "layers": TEXT,
        "sources": TEXT,
        "lang": TEXT,
    },
    # A point needs both parts.
) | {"dependentRequired": {"focus.point.lat": ["focus.point.lon"], "focus.point.lon": ["focus.point.lat"]}}


def _not_a_float(_validator, wanted, instance, _schema):
    if wanted and isinstance(instance, float):
        yield jsonschema.ValidationError(f"{instance!r} is not a whole number")


def _sorted_and_disjoint(_validator, wanted, instance, _schema):
    ends = [moment for window in instance for moment in window]
    if wanted and any(later <= earlier for earlier, later in zip(ends[1::2], ends[2::2])):
        yield jsonschema.ValidationError(f"{instance!r} are not sorted and disjoint")


_Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator, {"not_a_float": _not_a_float, "sorted_and_disjoint": _sorted_and_disjoint}
)


def faults(schema, instance):
    """The faults, each with its place in the request."""
    found = sorted(_Validator(schema).iter_errors(instance), key=lambda error: error.json_path)
    return [f"{error.json_path}: {error.message}"[:300] for error in found]
