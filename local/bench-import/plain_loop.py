"""The loop that an import is compared with: `csv` and boto3's batch writer, as one would write it first.

    plain_loop.py FILE ROWS TABLE

It only checks that numbers are numbers. It writes the attributes of an order without conditions and without claims on
external ids. It prints its time, CPU time and memory.
"""

import csv
import decimal
import itertools
import json
import resource
import sys
import time
import uuid

import boto3


def order(row, moment):
    order_id = str(uuid.uuid4())
    shard = order_id[-1]
    lat, lon = decimal.Decimal(row["dropoff_lat"]), decimal.Decimal(row["dropoff_lon"])
    contact = {"name": row["dropoff_contact_name"], "phone": row["dropoff_contact_phone"]}
    dropoff = {
        "location": {"lat": lat, "lon": lon},
        "address": row["dropoff_address"],
        "service_s": 120,
        "contact": contact,
    }
    if row["dropoff_window_start"]:
        dropoff["window"] = {"start": row["dropoff_window_start"], "end": row["dropoff_window_end"]}
    return {
        "order_id": order_id,
        "customer_id": "bench",
        "status": "pending",
        "pickup": {
            "location": {"lat": decimal.Decimal(row["pickup_lat"]), "lon": decimal.Decimal(row["pickup_lon"])},
            "service_s": 120,
        },
        "dropoff": dropoff,
        "size": int(row["size"]),
        "notes": row["notes"],
        "external_id": row["external_id"],
        "zone": "85394463fffffff",
        "retry_at": moment,
        "attempts": 0,
        "history": [{"status": "pending", "at": moment, "by": "bench"}],
        "list_shard": shard,
        "status_shard": f"pending#{shard}",
        "pending_zone": f"85394463fffffff#{shard}",
        "retry_key": f"{moment}#{order_id}",
        "created_at": moment,
        "updated_at": moment,
        "version": 1,
    }


def main(path, rows, table):
    began, written, wrong = time.monotonic(), 0, 0
    moment = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    target = boto3.resource("dynamodb").Table(table)
    with open(path, encoding="utf-8", newline="") as file, target.batch_writer() as batch:
        for row in itertools.islice(csv.DictReader(file), rows):
            try:
                item = order(row, moment)
            except (decimal.InvalidOperation, ValueError, TypeError):
                wrong += 1
                continue
            batch.put_item(Item=item)
            written += 1
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "written": written,
        "wrong": wrong,
        "seconds": time.monotonic() - began,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / 1024,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
