"""The people, tokens and orders of the access matrix. Nothing here is shared with other tests."""

import base64
import json
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError

from access_table import PEOPLE, ROWS
from town import open_route
from waybill_client import PASSWORD, claims, expect

EVERY_ROLE = ("customer", "agent", "dispatcher")
# These attributes of a person's record change without a call: routes begin and end, and SNS confirms subscriptions.
MOVES_BY_ITSELF = {"version", "updated_at", "subscribed_at", "email_notifications", "duty_zone"}
MOVES_BY_ITSELF_OF_AN_AGENT = {"open_route_id", "position", "zone"}
# The lifetime of the expired token in seconds. Cognito's shortest lifetime is five minutes. On AWS the test waits for
# that.
SHORTEST_S, COGNITOS_SHORTEST_S = 3, 300


class World:
    password = PASSWORD

    def __init__(self, stack, town, dispatcher):
        self.stack, self.town = stack, town
        with ThreadPoolExecutor(8) as pool:
            forged = pool.submit(Forged, stack)
            agents = {
                name: pool.submit(town.agent, on_duty=False, name=f"{name} of the matrix", capacity=40)
                for name in ("agent", "other_agent", "suspended_agent", "third_agent")
            }
            pending = pool.submit(town.applicant)
            customers = {
                name: pool.submit(town.customer, f"{name} of the matrix")
                for name in ("customer", "other_customer", "suspended_customer", "third_customer")
            }
            self.people = {name: person.result() for name, person in (agents | customers).items()}
            self.people |= {"agent_pending": pending.result(), "dispatcher": dispatcher}
            self.forged = forged.result()
        expect(dispatcher.put(f"/agents/{self.people['suspended_agent'].user_id}", {"status": "suspended"}), 200)
        suspended = f"/customers/{self.people['suspended_customer'].user_id}"
        expect(dispatcher.put(suspended, {"status": "suspended"}), 200)
        self._lock = threading.Lock()
        each, one = (sum(part in row.path.values() for row in ROWS) for part in ("an_order", "the_dispatchers_order"))
        self._orders = self._on_the_agents_route(1 + len(PEOPLE) * each + one)
        self.the_order = next(self._orders)
        # A route has at most 40 orders, and these wait for a day on which the agent does not work.
        in_two_days = (2 * 24 * 60, 2 * 24 * 60 + 60)
        count = len(PEOPLE) * sum("a_pending_order" in row.path.values() for row in ROWS)
        waiting = [town.order(self.people["customer"], pickup_window=in_two_days) for _ in range(count)]
        self._pending = iter([order["order_id"] for order in waiting])
        upload = {"filename": "orders.csv", "size_bytes": 1000}
        for name in ("the_profile", "a_profile", "an_old_profile"):
            expect(self.people["customer"].put(f"/import-profiles/{name}", {"encoding": "auto"}), 201)
        self.the_import = expect(self.people["customer"].post("/upload-url", upload), 201)["import_id"]

    def _on_the_agents_route(self, count):
        """The given number of orders of the customer, all on the agent's open route."""
        customer, agent = self.people["customer"], self.people["agent"]
        with ThreadPoolExecutor(4) as pool:
            orders = list(pool.map(lambda _: self.town.order(customer), range(count)))
        self.town.come_on_duty(agent)
        self.town.assigned(customer, *orders, to=agent)
        self.the_route = open_route(agent)["route_id"]
        return iter([order["order_id"] for order in orders])

    def close(self):
        """Takes the agent off duty, so that another run in the same town does not meet them."""
        expect(self.people["dispatcher"].put(f"/agents/{self.people['agent'].user_id}", {"status": "suspended"}), 200)
        self.forged.close()

    def new_address(self):
        return f"matrix-{uuid.uuid4().hex[:12]}@example.com"

    def token_of(self, caller):
        if caller in PEOPLE:
            return self.people[caller].token
        return self.forged.tokens[caller]

    def named(self, part, caller):
        """The value for a part of a row's path, for one caller."""
        match part:
            case "an_order" if caller in PEOPLE:
                # One order per caller who might change it, so that the callers do not affect each other.
                with self._lock:
                    return next(self._orders)
            case "a_pending_order" if caller in PEOPLE:
                with self._lock:
                    return next(self._pending)
            case "the_dispatchers_order" if caller == "dispatcher":
                with self._lock:
                    return next(self._orders)
            case "the_order" | "an_order" | "a_pending_order" | "the_dispatchers_order":
                return self.the_order
            case "the_import":
                return self.the_import
            case "the_agent":
                return self.people["agent"].user_id
            case "the_suspended_agent":
                return self.people["suspended_agent"].user_id
            case "a_third_agent":
                return self.people["third_agent"].user_id
            case "a_third_customer":
                return self.people["third_customer"].user_id
            case _:
                return part

    def seen(self, witness, parts, caller):
        """The record that a refused call must not change."""
        match witness:
            case "order":
                # Only the history. The `eta` may change with the other stops of the route.
                order = expect(self.people["dispatcher"].get(f"/orders/{parts['order_id']}"), 200)
                return order["status"], order["history"]
            case "location":
                asked = parts["agent_id"]
                return self._location_of(self._id_of(caller) if asked == "me" else asked)
            case "profiles":
                return expect(self.people["customer"].get("/import-profiles"), 200)
            case "customer":
                return self._record_of(parts["customer_id"])
            case "agent":
                asked = parts["agent_id"]
                return self._record_of(self._id_of(caller) if asked == "me" else asked)

    def _id_of(self, caller):
        return self.people[caller].user_id if caller in PEOPLE else claims(self.forged.good["IdToken"])["sub"]

    def _location_of(self, user_id):
        item = self.stack.aws("dynamodb").get_item(
            TableName=self.stack.environment["LOCATIONS_TABLE"], Key={"agent_id": {"S": user_id}}, ConsistentRead=True
        )
        return item.get("Item")

    def _record_of(self, user_id):
        """The item in the table, because no call shows all of it. None if there is no item."""
        key = {"user_id": {"S": user_id}}
        answer = self.stack.aws("dynamodb").get_item(
            TableName=self.stack.environment["USERS_TABLE"], Key=key, ConsistentRead=True
        )
        if "Item" not in answer:
            return None
        record = {name: told for name, told in answer["Item"].items() if name not in MOVES_BY_ITSELF}
        agent = record.pop("agent", {"M": {}})["M"]
        return record, {name: told for name, told in agent.items() if name not in MOVES_BY_ITSELF_OF_AN_AGENT}


class Forged:
    """Invalid tokens. If one were accepted, its holder would have every role."""

    def __init__(self, stack):
        self.stack, self._cognito = stack, stack.aws("cognito-idp")
        pool = stack.user_pool_id
        email = self._account(pool)
        # The stack's own client has a secret, which only the functions know.
        self._own_client = self._client(pool)
        self.good = self._tokens(pool, self._own_client, email)
        short_client, _seconds = self._client_of_short_tokens(pool)
        try:
            expiring = self._tokens(pool, short_client, email)["IdToken"]
            self.was_good = stack.call("GET", "/orders", token=expiring, params={"limit": 1})
        finally:
            self._cognito.delete_user_pool_client(UserPoolId=pool, ClientId=short_client)
        self.tokens = {
            "no_token": None,
            "garbage": "not a token",
            "tampered": with_another_subject(self.good["IdToken"]),
            "alg_none": unsigned(self.good["IdToken"]),
            "expired": expiring,
            "cognitos_own": self.good["AccessToken"],
            "another_pool": self._of_another_pool(),
        }
        time.sleep(max(0.0, claims(expiring)["exp"] + 1 - time.time()))

    def _account(self, pool):
        """A person in every group. AWS calls create the account, because nobody can sign up like that."""
        email = f"everybody-{uuid.uuid4().hex[:12]}@example.com"
        self._cognito.admin_create_user(UserPoolId=pool, Username=email, MessageAction="SUPPRESS")
        self._cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=PASSWORD, Permanent=True)
        for group in EVERY_ROLE:
            self._cognito.admin_add_user_to_group(UserPoolId=pool, Username=email, GroupName=group)
        return email

    def _tokens(self, pool, client, email):
        answer = self._cognito.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
        )
        return answer["AuthenticationResult"]

    def _client(self, pool, **settings):
        made = self._cognito.create_user_pool_client(
            UserPoolId=pool,
            ClientName=f"access-matrix-{uuid.uuid4().hex[:8]}",
            ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            **settings,
        )
        return made["UserPoolClient"]["ClientId"]

    def _client_of_short_tokens(self, pool):
        for seconds in (SHORTEST_S, COGNITOS_SHORTEST_S):
            try:
                units = {"IdToken": "seconds"}
                return self._client(pool, IdTokenValidity=seconds, TokenValidityUnits=units), seconds
            except ClientError as refusal:
                if refusal.response["Error"]["Code"] != "InvalidParameterException" or seconds == COGNITOS_SHORTEST_S:
                    raise

    def _of_another_pool(self):
        made = self._cognito.create_user_pool(
            PoolName=f"access-matrix-{uuid.uuid4().hex[:8]}", UsernameAttributes=["email"]
        )
        self._other_pool = pool = made["UserPool"]["Id"]
        for group in EVERY_ROLE:
            self._cognito.create_group(UserPoolId=pool, GroupName=group)
        return self._tokens(pool, self._client(pool), self._account(pool))["IdToken"]

    def close(self):
        self._cognito.delete_user_pool(UserPoolId=self._other_pool)
        self._cognito.delete_user_pool_client(UserPoolId=self.stack.user_pool_id, ClientId=self._own_client)


def part(told):
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def unsigned(token):
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{token.split('.')[1]}."


def with_another_subject(token):
    """The token with changed claims and its old signature."""
    header, _, signature = token.split(".")
    return f"{header}.{part(claims(token) | {'sub': str(uuid.uuid4())})}.{signature}"


def with_another_signature(token):
    head, signature = token.rsplit(".", 1)
    middle = len(signature) // 2
    swapped = "A" if signature[middle] != "A" else "B"
    return f"{head}.{signature[:middle]}{swapped}{signature[middle + 1 :]}"
