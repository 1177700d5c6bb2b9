"""Writes a file of orders like that of a shop in Barcelona. The same seed gives the same rows.

    generate.py --rows 1000000 --bad-share 0.001 orders.csv

The rows of a shorter file are the first rows of a longer one. A million rows are about 97 MB and take some seconds.
"""

import argparse
import collections
import itertools
import json
import random
from datetime import UTC, datetime, timedelta

COLUMNS = (
    "external_id,pickup_lat,pickup_lon,dropoff_lat,dropoff_lon,dropoff_address,"
    "dropoff_contact_name,dropoff_contact_phone,"
    "dropoff_window_start,dropoff_window_end,size,notes"
)
# The faults of a row, by the code that the import reports.
BAD = ("missing", "not_a_number", "decimal_comma", "invalid", "too_few_cells", "too_many_cells", "external_id_doubled")

# Markets at which a shop's parcels are picked up.
PICKUPS = (
    "41.43489,2.18839",
    "41.36038,2.13919",
    "41.40567,2.13855",
    "41.37517,2.14385",
    "41.38172,2.17157",
    "41.39528,2.16863",
    "41.40894,2.19200",
    "41.43592,2.19072",
    "41.37089,2.13124",
    "41.38565,2.12976",
    "41.39876,2.20331",
    "41.42921,2.17698",
)
STREETS = (
    "Aragó",
    "Mallorca",
    "València",
    "Provença",
    "Rosselló",
    "Còrsega",
    "Balmes",
    "Muntaner",
    "Aribau",
    "Casanova",
    "Sants",
    "Consell de Cent",
    "Diputació",
    "Marina",
    "Sardenya",
    "Padilla",
    "Lepant",
    "Pujades",
    "Pallars",
    "Llull",
    "Gran de Gràcia",
    "Verdi",
    "Torrent de l'Olla",
    "Escorial",
    "Bac de Roda",
    "Rogent",
    "Nou de la Rambla",
    "Hospital",
    "Numància",
    "Tamarit",
    "Floridablanca",
    "Sepúlveda",
    "Villarroel",
)
PEOPLE = (
    "Aina Roca",
    "Biel Ferrer",
    "Carla Pons",
    "Dídac Soler",
    "Èlia Mas",
    "Ferran Vila",
    "Gala Puig",
    "Hug Serra",
    "Iris Costa",
)
NOTES = ("", "", "", "", "", "", "", "Ring twice", '"Fragile, keep upright"', '"Ask for ""La Nena"" at the desk"')


def places(dice, many=4096):
    """Points of the city. It lies along the coast from south-west to north-east and reaches three kilometres to each
    side.
    """
    found = []
    for _ in range(many):
        along, across = dice.random(), dice.uniform(-1, 1)
        lat = 41.374 + 0.062 * along + 0.017 * across
        lon = 2.132 + 0.066 * along - 0.020 * across
        found.append(f"{lat:.5f},{lon:.5f}")
    return found


def windows(dice, day, many=256):
    """Two-hour windows of one day, from 8 in the morning."""
    found = []
    for _ in range(many):
        start = day + timedelta(minutes=15 * dice.randrange(4 * 10))
        found.append(",".join(f"{moment:%Y-%m-%dT%H:%M:00Z}" for moment in (start, start + timedelta(hours=2))))
    return found


def spoilt(kind, row, number):
    """A row with a fault of this kind."""
    cells = row.split(",")
    if kind == "missing":
        cells[3] = ""
    elif kind == "not_a_number":
        cells[2] = "east"
    elif kind == "decimal_comma":
        cells[1] = '"' + cells[1].replace(".", ",") + '"'
    elif kind == "invalid":
        cells[3] = "141.40000"
    elif kind == "too_few_cells":
        return ",".join(cells[:4])
    elif kind == "too_many_cells":
        return row + ",and,more"
    elif kind == "external_id_doubled":
        cells[0] = name_of(number - 1)
    return ",".join(cells)


def name_of(number):
    return f"B{number:07}"


def rows(seed, day, bad_share=0.0, kinds=BAD):
    """Endless rows, each with the code of its fault, or None for a good row."""
    dice = random.Random(seed)
    drops, hours = places(dice), windows(dice, day)
    addresses = [f"C/ {street} {dice.randrange(1, 400)}" for street in STREETS for _ in range(60)]
    addresses += [
        f'"C/ {street} {dice.randrange(1, 400)}, {dice.randrange(1, 9)}è"' for street in STREETS for _ in range(12)
    ]
    share, bits, chance, last = bad_share * len(kinds), dice.getrandbits, dice.random, None
    for number in itertools.count(1):
        # One random number for the whole row. The parts of the row use different bits.
        throw = bits(80)
        place = drops[throw & 4095]
        address = addresses[(throw >> 12 & 0xFFFF) % len(addresses)]
        hour = hours[throw >> 28 & 255] if throw >> 36 & 7 == 0 else ","
        person = PEOPLE[(throw >> 39 & 255) % 9] if throw >> 47 & 1 else ""
        row = (
            f"{name_of(number)},{PICKUPS[(throw >> 48 & 255) % 12]},{place},{address},{person},"
            f"6{throw >> 56 & 0xFFFFF:08},"
            f"{hour},{1 + (throw >> 76 & 3)},{NOTES[throw % 10]}"
        )
        kind = None
        if share and chance() < share:
            kind = kinds[int(chance() * len(kinds))]
            # The other row with this id must be an order: a rejected row claims nothing.
            if kind == "external_id_doubled" and (number == 1 or last):
                kind = "missing"
            row = spoilt(kind, row, number)
        last = kind
        yield row, kind


def write(file, count, seed=1, bad_share=0.0, day=None, kinds=BAD):
    """Writes the rows into an open binary file. Returns the number of rows by fault, with the good rows under None."""
    day = day or (datetime.now(UTC) + timedelta(days=2)).replace(hour=8, minute=0, second=0, microsecond=0)
    told = collections.Counter()
    file.write(f"{COLUMNS}\n".encode())
    left = itertools.islice(rows(seed, day, bad_share, kinds), count)
    while chunk := list(itertools.islice(left, 5000)):
        file.write(("\n".join(row for row, _ in chunk) + "\n").encode())
        told.update(kind for _, kind in chunk)
    return told


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("file")
    words.add_argument("--rows", type=int, default=1000)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument(
        "--bad-share", type=float, default=0.0, help="of each kind of fault, such as 0.01 for one row in a hundred"
    )
    words.add_argument("--bad-kinds", nargs="*", choices=BAD, default=BAD, help="which kinds; all of them if left out")
    wanted = words.parse_args()
    with open(wanted.file, "wb") as file:
        told = write(file, wanted.rows, wanted.seed, wanted.bad_share, kinds=tuple(wanted.bad_kinds))
    print(json.dumps({"rows": wanted.rows, "good": told.pop(None, 0), "bad": dict(told)}))


if __name__ == "__main__":
    main()
