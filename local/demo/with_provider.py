"""The demo with an outside route provider. A stand-in for the provider runs on this machine during the demo.

`make demo PROVIDER=ors` or `PROVIDER=google` runs it and deploys the stack with that provider. The next `make up` or
`make demo` deploys the stack with the embedded planner again.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent))

import stand_in

# If VROOM would leave over an order that is on a route, the planner with openrouteservice's travel times makes the
# plan.
PLANNERS = {"ors": ["ors", "ors-matrix"], "google": ["google"]}
STACK = [sys.executable, ROOT / "local" / "stack"]
ORS_KEY_NAME, GOOGLE_KEY_NAME = "/waybill/ors-key", "/waybill/google-service-account"


def ors():
    provider = stand_in.ors()
    # The service's public plan allows fewer vehicles and orders than the demo has.
    return provider, ORS_KEY_NAME, stand_in.ORS_KEY, {
        "RouteProvider": "ors",
        "OrsBaseUrl": provider.url,
        "OrsKeyParameter": ORS_KEY_NAME,
        "OrsMostVehicles": 50,
        "OrsMostOrders": 200,
        "GeocoderProvider": "ors",
        "GeocoderCountry": "ES",
        "GeocoderCentre": "41.387,2.170",
    }


def google():
    with tempfile.TemporaryDirectory() as folder:
        account = Path(folder) / "account.json"
        provider = stand_in.google(account)
        key = account.read_text(encoding="utf-8")
    return provider, GOOGLE_KEY_NAME, key, {
        "RouteProvider": "google",
        "GoogleBaseUrl": provider.url,
        "GoogleProject": stand_in.GOOGLE_PROJECT,
        "GoogleKeyParameter": GOOGLE_KEY_NAME,
    }


def variables():
    """The stack's environment, as `eval "$(make -s env)"` sets it."""
    told = subprocess.run([*STACK, "env"], capture_output=True, text=True, check=True).stdout
    exports = (line.removeprefix("export ").partition("=") for line in told.splitlines() if line.startswith("export "))
    return {name: shlex.split(value)[0] if value else "" for name, _, value in exports}


def main(name):
    providers = {"ors": ors, "google": google}
    if name not in providers:
        return f"waybill: PROVIDER must be one of {', '.join(providers)}"
    provider, key_name, key, parameters = providers[name]()
    with provider:
        told = " ".join(f"{name}={value}" for name, value in parameters.items())
        up = subprocess.run([*STACK, "up"], check=False, env=os.environ | {"PARAMETERS": told})
        if up.returncode:
            return up.returncode
        environment = {**os.environ, **variables()}
        put_key(environment, key_name, key)
        demo = [sys.executable, HERE / "run.py", "--planner", *PLANNERS[name]]
        return subprocess.run(demo, check=False, env=environment).returncode


def put_key(environment, name, value):
    import boto3

    reach = {"endpoint_url": environment["AWS_ENDPOINT_URL"], "region_name": environment["AWS_REGION"]}
    ssm = boto3.client(
        "ssm",
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        **reach,
    )
    ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(130)
