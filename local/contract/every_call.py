"""Checks that generated clients have every call of the contract: every_call.py CONTRACT GENERATED."""

import re
import sys
from pathlib import Path

import yaml

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def calls(contract):
    """The `operationId` of each call."""
    return [
        call["operationId"] for path in contract["paths"].values() for method, call in path.items() if method in METHODS
    ]


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def main():
    contract, generated = yaml.safe_load(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    wanted = calls(contract)
    modules = {path.stem for path in (generated / "python/api").glob("*/*.py")}
    types = (generated / "waybill.d.ts").read_text()
    # A call without a body that the generator could read would have no body in its types.
    missing = [f"{call} in Python" for call in wanted if snake(call) not in modules]
    missing += [f"{call} in TypeScript" for call in wanted if f'operations["{call}"]' not in types]
    if missing or not wanted:
        sys.exit(f"waybill: the generated clients lack calls: {', '.join(missing)}")
    print(f"{len(wanted)} calls")


if __name__ == "__main__":
    main()
