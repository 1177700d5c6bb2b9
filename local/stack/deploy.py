"""Deploys template.yaml to the local stack, and reads the outputs of the deployment."""

import os
import re
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

import gateway_responses
import queue_sources
from settings import BUILD, ENDPOINT, ROOT, STACK_NAME, STATE, Problem, client_environment, environment, say

STAGE = "v1"


def client(service):
    told = client_environment()
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name=told["AWS_REGION"],
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
    )


def deploy():
    say("Deploying template.yaml")
    log = STATE / "sam-deploy.log"
    command = [sys.executable, Path(__file__).with_name("quick_sam.py"), "deploy"]
    command += ["--config-env", "local", "--config-file", ROOT / "samconfig.toml"]
    command += ["--template-file", BUILD / "template.yaml"]
    # The port is not in samconfig.toml, and the id of the API exists only after the deployment.
    wanted = [f"TrackingUrl={api_url('{api_id}')}/track", *os.environ.get("PARAMETERS", "").split()]
    command += ["--parameter-overrides", *_overrides(wanted)]
    with log.open("w") as output:
        failed = subprocess.run(
            command, check=False, cwd=ROOT, env=environment(), stdout=output, stderr=output
        ).returncode
    if failed:
        sys.stderr.write(log.read_text())
        raise Problem("`sam deploy` failed: its output is above")
    api_id = outputs()["ApiId"]
    gateway_responses.apply(client("apigateway"), api_id, STAGE)
    queue_sources.apply(client("lambda"))
    _wait_for_api(api_url(api_id))


def _overrides(wanted):
    """The parameters of samconfig.toml, with the wanted changes. Parameters on the command line replace all of them."""
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    own = config["local"]["deploy"]["parameters"]["parameter_overrides"]
    by_name = dict(parameter.split("=", 1) for parameter in [*own, *wanted])
    return [f"{name}={value}" for name, value in by_name.items()]


def outputs():
    """The stack's outputs by name."""
    try:
        stack = client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    except (BotoCoreError, ClientError) as error:
        raise Problem("nothing is deployed yet: make up") from error
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def api_url(api_id):
    return f"{ENDPOINT}/_aws/execute-api/{api_id}/{STAGE}"


def variables():
    """The environment of a client: the outputs as USERS_TABLE, USER_POOL_ID and so on, and the address of the stack."""
    found = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper(): value for name, value in outputs().items()}
    found["API_URL"] = api_url(found["API_ID"])
    return client_environment() | _function_environment() | found


def _function_environment():
    """The variables of all functions together, so that `cargo lambda watch` can serve each of them."""
    told = {}
    for page in client("lambda").get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            told |= function.get("Environment", {}).get("Variables", {})
    return told


def _wait_for_api(url):
    """Waits until the gateway refuses a call without a token. That is its first sign of life."""
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"{url}/me", timeout=5)
        except urllib.error.HTTPError as answer:
            if answer.code == 401:
                return
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise Problem(f"{url} does not answer: see {STATE / 'ministack.log'}")
        time.sleep(0.2)
