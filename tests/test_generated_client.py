"""A whole day with a client that is generated from docs/openapi.yaml: from the sign-up to the delivery."""

import importlib
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from contract import FILE
from secrets_told import TOLD
from waybill_client import PASSWORD, eventually

GENERATOR = Path(sys.executable).parent / "openapi-python-client"
SETTINGS = FILE.parent.parent / "local/contract/python-client.yaml"
CODE = "123456"  # on the local stack


class Client:
    """The generated package, for somebody with or without a token."""

    def __init__(self, stack, token=None):
        made = importlib.import_module("generated_waybill")
        self.models = importlib.import_module("generated_waybill.models")
        self._at = {"base_url": stack.api_url, "raise_on_unexpected_status": True}
        self._client = made.AuthenticatedClient(token=token, **self._at) if token else made.Client(**self._at)

    def call(self, name, *path, expected=200, **more):
        """Makes a call, and returns what the generated code read."""
        subject, name = name.split(".")
        module = importlib.import_module(f"generated_waybill.api.{subject}.{name}")
        if "body" in more:
            TOLD.hear(more["body"].to_dict())
        answer = module.sync_detailed(*path, client=self._client, **more)
        assert answer.status_code == expected, answer.content
        return answer.parsed


@pytest.fixture(scope="module", autouse=True)
def generated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("client")
    command = [GENERATOR, "generate", "--path", FILE, "--output-path", folder / "generated_waybill", "--meta", "none"]
    command += ["--config", SETTINGS, "--fail-on-warning"]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))


def email_of(role):
    email = f"{role}-{uuid.uuid4().hex[:12]}@example.com"
    TOLD.add("email", email)
    return email


def joined(stack, role, **more):
    """Signs up, confirms and logs in. Returns the client of that person, and their id."""
    anybody = Client(stack)
    models, email = anybody.models, email_of(role)
    body = models.SignUp(email=email, password=PASSWORD, name=f"A {role}", role=models.SignUpRole(role), **more)
    anybody.call("accounts.signup", body=body, expected=202)
    confirmed = anybody.call("accounts.confirm_signup", body=models.Confirmation(email=email, code=CODE))
    assert confirmed.role == role
    tokens = anybody.call("accounts.login", body=models.LogIn(email=email, password=PASSWORD))
    TOLD.add("token", tokens.access_token)
    again = anybody.call("accounts.refresh_token", body=models.Refresh(refresh_token=tokens.refresh_token))
    TOLD.add("token", again.access_token)
    return Client(stack, again.access_token), confirmed.user_id


def test_a_day_from_the_sign_up_to_the_delivery(stack, town):
    ana, ana_id = joined(stack, "customer")
    m = ana.models

    def place(east, north):
        at = town.point(east, north)
        return m.Coordinates(lat=at["lat"], lon=at["lon"])

    ben, ben_id = joined(stack, "agent", vehicle=m.Vehicle(capacity=4), start_location=place(0, 0))
    dispatcher = Client(stack, town.dispatcher.token)
    approval = m.AgentUpdate(status=m.NewAgentStatus.ACTIVE)
    assert dispatcher.call("agents.update_agent", str(ben_id), body=approval).status == m.UserStatus.ACTIVE
    assert ben.call("agents.update_agent", "me", body=m.AgentUpdate(on_duty=True)).on_duty
    assert ana.call("accounts.get_me").user_id == ana_id

    new = m.NewOrder(
        pickup=m.NewStop(location=place(0.5, 0), contact=m.Contact(name="Laia", phone="+34 600 000 001")),
        dropoff=m.NewStop(location=place(1, 1), address="1 High Street", service_s=60),
        size=2,
        notes="Ring twice.",
    )
    order = ana.call("orders.create_order", body=new, idempotency_key="first", expected=201)
    again = ana.call("orders.create_order", body=new, idempotency_key="first", expected=201)
    assert (order.order_id, order.status, order.size) == (again.order_id, m.OrderStatus.PENDING, 2)
    assert order.dropoff.service_s == 60 and order.pickup.contact.name == "Laia"

    def assigned():
        found = ana.call("orders.get_order", order.order_id)
        return found.status == m.OrderStatus.ASSIGNED and found

    on_its_way = eventually("the order is on a route", assigned, seconds=90)
    assert on_its_way.agent_id == ben_id
    (route,) = ben.call("routes.get_routes", "me").routes
    assert [(stop.kind, stop.order_id) for stop in route.stops] == [
        (m.StopKind.PICKUP, order.order_id),
        (m.StopKind.DROPOFF, order.order_id),
    ]
    for status in (m.StatusChangeStatus.IN_PROGRESS, m.StatusChangeStatus.DELIVERED):
        ben.call("orders.update_order_status", order.order_id, body=m.StatusChange(status=status))
    (listed,) = ana.call("orders.list_orders", status=m.OrderStatus.DELIVERED).orders
    assert [line.status for line in listed.history][-2:] == [m.OrderStatus.IN_PROGRESS, m.OrderStatus.DELIVERED]
    (driven,) = dispatcher.call("routes.get_routes", str(ben_id), limit=1).routes
    assert driven.status == m.RouteStatus.COMPLETED
    assert not ben.call("agents.update_agent", "me", body=m.AgentUpdate(on_duty=False)).on_duty
    ben.call("accounts.log_out", expected=204)


def test_a_fault_is_read_as_a_problem(stack, town):
    ana, _ = joined(stack, "customer")
    m = ana.models
    nowhere = m.NewStop(address="somewhere", location=m.Coordinates(lat=91, lon=0))
    told = ana.call("orders.create_order", body=m.NewOrder(pickup=nowhere, dropoff=nowhere), expected=422)
    assert told.code == m.ProblemCode.INVALID
    assert [error.pointer for error in told.errors] == ["#/pickup/location/lat", "#/dropoff/location/lat"]
