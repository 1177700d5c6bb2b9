"""A small gazetteer with the search of Pelias: it takes the words of an address and gives places with a confidence."""

import csv
import re
import unicodedata
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Two and three letters: `boundary.country` allows both.
COUNTRIES = {"JP": "JPN", "US": "USA", "DE": "DEU", "ES": "ESP"}
# Below this confidence, a place does not match the address.
LEAST_CONFIDENCE = 0.3


def _words(text):
    plain = unicodedata.normalize("NFKD", text.casefold())
    return set(re.findall(r"\w+", "".join(letter for letter in plain if not unicodedata.combining(letter))))


def _rows():
    with open(HERE / "gazetteer.csv", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
    with open(HERE.parent / "demo" / "orders.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for end in ("pickup", "dropoff"):
                street, _, town = row[f"{end}_address"].rpartition(", ")
                town = {"locality": re.sub(r"^\d{5} ", "", town), "country": "Spain", "country_a": "ESP"}
                yield town | {"name": street, "lat": row[f"{end}_lat"], "lon": row[f"{end}_lon"]}


class Gazetteer:
    def __init__(self):
        self._places = {}
        for row in _rows():
            label = f"{row['name']}, {row['locality']}, {row['country']}"
            self._places.setdefault(label, row | {"label": label, "words": _words(label)})

    def search(self, text, countries, focus, size):
        """Features, the most confident first. Of equally confident ones, the nearest to the focus comes first."""
        asked = _words(re.sub(r"\b\d{5}\b", " ", text))
        wanted = {COUNTRIES.get(country, country) for country in countries}
        found = []
        for place in self._places.values():
            if wanted and place["country_a"] not in wanted:
                continue
            known = asked & place["words"]
            # Street and number count. An unknown word lowers the confidence more than a missing town or country.
            street = _words(place["name"])
            confidence = len(known) / max(1, len(asked)) * (0.4 + 0.6 * len(asked & street) / len(street))
            if confidence >= LEAST_CONFIDENCE:
                found.append((round(confidence, 3), place))
        found.sort(key=lambda pair: (-pair[0], _apart(pair[1], focus), pair[1]["label"]))
        return [_feature(place, confidence) for confidence, place in found[:size]]


def _apart(place, focus):
    if focus is None:
        return 0.0
    return (float(place["lat"]) - focus[0]) ** 2 + (float(place["lon"]) - focus[1]) ** 2


def _feature(place, confidence):
    identity = f"node/{zlib.crc32(place['label'].encode())}"
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [float(place["lon"]), float(place["lat"])]},
        "properties": {
            "id": identity,
            "gid": f"openstreetmap:address:{identity}",
            "layer": "address",
            "source": "openstreetmap",
            "name": place["name"],
            "confidence": confidence,
            "match_type": "exact" if confidence >= 0.99 else "fallback",
            "accuracy": "point",
            "country": place["country"],
            "country_a": place["country_a"],
            "locality": place["locality"],
            "label": place["label"],
        },
    }
