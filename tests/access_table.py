"""The table of permissions: the answer of each call to each kind of caller. `make access-table` prints it.

tests/test_access_matrix.py makes the calls. A new endpoint needs a row here, and the tests fail until it has one.

A cell has the status and, for a refusal, the problem's code. `200 with` and `200 without` are for listings: the answer
must contain the record that the row is about, or must not contain it.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

# Except the first two, all of these come from an account with every role. If one of them were accepted as a valid
# token, every call would be open to it.
TOKENS = ("no_token", "garbage", "tampered", "alg_none", "expired", "cognitos_own", "another_pool")
PEOPLE = (
    "customer",
    "other_customer",
    "suspended_customer",
    "agent_pending",
    "agent",
    "other_agent",
    "suspended_agent",
    "dispatcher",
)
CALLERS = TOKENS + PEOPLE

CODE_THAT_IS_WRONG = "999999"


@dataclass(frozen=True)
class Row:
    call: str  # method and path, as the template has them
    about: str  # the owner of the record that the path or the body names
    answers: dict  # caller: expected answer
    path: dict = field(default_factory=dict)  # a part of the path: its value, see access_world.World.named
    send: object = None  # the body, or a function that makes it from the world
    query: dict = field(default_factory=dict)  # like `path`
    witness: str | None = None  # the record that a refused call must not change, see access_world.World.seen
    last: bool = False  # runs after all others, because it ends sessions or routes that they need

    @property
    def method(self):
        return self.call.split()[0]

    @property
    def name(self):
        return f"{self.call}, {self.about}" if self.about else self.call


def open_to_all(answer):
    """The call needs no token, and no token makes a difference."""
    return dict.fromkeys(CALLERS, answer)


def with_a_token(**people):
    return dict.fromkeys(TOKENS, "401 unauthorized") | people


def sign_up(world):
    return {"email": world.new_address(), "password": world.password, "name": "Noor Newcomer", "role": "customer"}


def a_point(world):
    """A report of an agent's location."""
    return {"points": [world.town.point() | {"at": datetime.now(UTC).isoformat(), "accuracy_m": 9}]}


WITHOUT_A_LINK = "without a tracking token"
NOT_ACTIVE = {"agent_pending": "403 agent_not_active", "suspended_agent": "403 agent_not_active"}
NO_AGENT = dict.fromkeys(PEOPLE[:3], "403 forbidden")
NO_CUSTOMER = dict.fromkeys(PEOPLE[3:], "403 forbidden")
BARRED = {"suspended_customer": "403 account_suspended"}
DISPATCHER_ALONE = with_a_token(**dict.fromkeys(PEOPLE[:-1], "403 forbidden"), dispatcher="200")
ONE_ORDER = "the customer's order, on the agent's route"
ONE_STEP = {"path": {"order_id": "an_order"}, "witness": "order"}
# Only the dispatcher changes an order here. All others are refused, and a route has room for 40 orders.
ONE_DECISION = {"path": {"order_id": "the_dispatchers_order"}, "witness": "order"}

ROWS = (
    Row("POST /signup", "with a new address", open_to_all("202"), send=sign_up),
    Row(
        "POST /signup/confirm",
        "with a wrong code",
        open_to_all("422 invalid_code"),
        send=lambda world: {"email": world.new_address(), "code": CODE_THAT_IS_WRONG},
    ),
    Row(
        "POST /signup/resend-code",
        "for a new address",
        open_to_all("202"),
        send=lambda world: {"email": world.new_address()},
    ),
    Row(
        "POST /login",
        "with the customer's password",
        open_to_all("200"),
        send=lambda world: {"email": world.people["customer"].email, "password": world.password},
    ),
    Row(
        "POST /token/refresh",
        "with the customer's refresh token",
        open_to_all("200"),
        send=lambda world: {"refresh_token": world.people["customer"].refresh_token},
    ),
    Row(
        "POST /password/forgot",
        "for a new address",
        open_to_all("202"),
        send=lambda world: {"email": world.new_address()},
    ),
    Row(
        "POST /password/reset",
        "with a wrong code",
        open_to_all("422 invalid_code"),
        send=lambda world: {"email": world.new_address(), "code": CODE_THAT_IS_WRONG, "new_password": world.password},
    ),
    Row("POST /logout", "", with_a_token(**dict.fromkeys(PEOPLE, "204")), last=True),
    Row(
        "POST /me/email-notifications",
        "",
        with_a_token(**dict.fromkeys(PEOPLE, "200") | {"suspended_agent": "403 agent_not_active"} | BARRED),
    ),
    Row(
        "GET /me",
        "",
        with_a_token(**dict.fromkeys(PEOPLE, "200") | {"suspended_agent": "403 agent_not_active"} | BARRED),
    ),
    Row(
        "POST /me/email",
        "to a new address",
        with_a_token(**dict.fromkeys(PEOPLE, "202") | {"suspended_agent": "403 agent_not_active"} | BARRED),
        send=lambda world: {"email": world.new_address(), "password": world.password},
    ),
    Row(
        "POST /orders",
        "",
        with_a_token(customer="201", other_customer="201", **BARRED, **NO_CUSTOMER),
        send=lambda world: world.town.body(),
    ),
    Row(
        "GET /orders",
        ONE_ORDER,
        with_a_token(
            customer="200 with",
            other_customer="200 without",
            agent="200 with",
            other_agent="200 without",
            dispatcher="200 with",
            **BARRED,
            **NOT_ACTIVE,
        ),
        path={"order_id": "the_order"},
        query={"limit": 100},
    ),
    Row(
        "GET /orders/{order_id}",
        ONE_ORDER,
        with_a_token(
            customer="200",
            other_customer="404 not_found",
            agent="200",
            other_agent="404 not_found",
            dispatcher="200",
            **BARRED,
            **NOT_ACTIVE,
        ),
        path={"order_id": "the_order"},
    ),
    Row(
        "PATCH /orders/{order_id}",
        "the notes: the customer's pending order",
        with_a_token(
            customer="200",
            other_customer="404 not_found",
            dispatcher="200",
            suspended_customer="403 account_suspended",
            **dict.fromkeys(("agent_pending", "agent", "other_agent", "suspended_agent"), "403 forbidden"),
        ),
        send={"notes": "Ring twice."},
        path={"order_id": "a_pending_order"},
        witness="order",
    ),
    Row(
        "POST /quotes",
        "",
        with_a_token(
            customer="200",
            other_customer="200",
            dispatcher="200",
            suspended_customer="403 account_suspended",
            **dict.fromkeys(("agent_pending", "agent", "other_agent", "suspended_agent"), "403 forbidden"),
        ),
        send=lambda world: world.town.body(),
    ),
    Row(
        "POST /orders/cancel",
        "an order that does not exist",
        with_a_token(
            customer="200",
            other_customer="200",
            dispatcher="200",
            suspended_customer="403 account_suspended",
            **dict.fromkeys(("agent_pending", "agent", "other_agent", "suspended_agent"), "403 forbidden"),
        ),
        send={"order_ids": ["0190a0a0-0000-7000-8000-000000000000"]},
    ),
    Row(
        "POST /orders/cancel",
        "an import that does not exist",
        with_a_token(
            customer="404 not_found",
            other_customer="404 not_found",
            dispatcher="404 not_found",
            suspended_customer="403 account_suspended",
            **dict.fromkeys(("agent_pending", "agent", "other_agent", "suspended_agent"), "403 forbidden"),
        ),
        send={"filter": {"import_id": "0190a0a0-0000-7000-8000-000000000000"}},
    ),
    Row(
        "PUT /orders/{order_id}/status",
        f"`cancelled`: {ONE_ORDER}",
        with_a_token(
            customer="200",
            other_customer="404 not_found",
            agent="403 forbidden",
            other_agent="404 not_found",
            dispatcher="200",
            **BARRED,
            **NOT_ACTIVE,
        ),
        send={"status": "cancelled"},
        **ONE_STEP,
    ),
    *(
        Row(
            "PUT /orders/{order_id}/status",
            f"`{status}`: {ONE_ORDER}",
            with_a_token(
                customer="403 forbidden",
                other_customer="404 not_found",
                agent="200",
                other_agent="404 not_found",
                dispatcher="200",
                **BARRED,
                **NOT_ACTIVE,
            ),
            send={"status": status} | ({"reason": "nobody there"} if status == "failed" else {}),
            **ONE_STEP,
        )
        for status in ("in_progress", "delivered", "failed")
    ),
    Row(
        "PUT /orders/{order_id}/assignment",
        ONE_ORDER,
        DISPATCHER_ALONE,
        send=lambda world: {"agent_id": world.people["agent"].user_id},
        **ONE_DECISION,
    ),
    Row("DELETE /orders/{order_id}/assignment", ONE_ORDER, DISPATCHER_ALONE, send={"hold": True}, **ONE_DECISION),
    Row(
        "POST /orders/{order_id}/tracking-link",
        ONE_ORDER,
        with_a_token(
            customer="201",
            other_customer="404 not_found",
            dispatcher="201",
            **BARRED,
            **dict.fromkeys(("agent_pending", "agent", "other_agent", "suspended_agent"), "403 forbidden"),
        ),
        path={"order_id": "the_order"},
    ),
    Row(
        "POST /orders/{order_id}/proofs",
        ONE_ORDER,
        with_a_token(
            customer="403 forbidden",
            other_customer="403 forbidden",
            suspended_customer="403 forbidden",
            agent="201",
            other_agent="404 not_found",
            dispatcher="201",
            **NOT_ACTIVE,
        ),
        path={"order_id": "the_order"},
        send={"kind": "photo", "stop": "dropoff", "size_bytes": 9, "sha256": "0" * 64, "content_type": "image/png"},
    ),
    Row(
        "GET /orders/{order_id}/proofs",
        ONE_ORDER,
        with_a_token(
            customer="200",
            other_customer="404 not_found",
            agent="200",
            other_agent="404 not_found",
            dispatcher="200",
            **BARRED,
            **NOT_ACTIVE,
        ),
        path={"order_id": "the_order"},
    ),
    Row("GET /tracking", WITHOUT_A_LINK, open_to_all("404 not_found")),
    Row("POST /tracking/note", WITHOUT_A_LINK, open_to_all("404 not_found"), send={"note": "Ring twice."}),
    Row(
        "POST /tracking/window",
        WITHOUT_A_LINK,
        open_to_all("404 not_found"),
        send={"from": "2030-05-07T06:00:00Z", "to": "2030-05-07T10:00:00Z"},
    ),
    Row("POST /tracking/rating", WITHOUT_A_LINK, open_to_all("404 not_found"), send={"stars": 5}),
    Row("POST /tracking/opt-out", WITHOUT_A_LINK, open_to_all("404 not_found")),
    Row("GET /track", "the page", open_to_all("200")),
    Row(
        "POST /upload-url",
        "",
        with_a_token(customer="201", other_customer="201", **BARRED, **NO_CUSTOMER),
        send={"filename": "orders.csv", "size_bytes": 1000},
    ),
    Row(
        "PUT /import-profiles/{name}",
        "the customer's profile",
        with_a_token(customer="200", other_customer="201", **BARRED, **NO_CUSTOMER),
        path={"name": "the_profile"},
        send={"encoding": "auto"},
        witness="profiles",
    ),
    Row(
        "GET /import-profiles",
        "the customer's profile",
        with_a_token(customer="200", other_customer="200", **BARRED, **NO_CUSTOMER),
    ),
    Row(
        "GET /import-profiles/{name}",
        "the customer's profile",
        with_a_token(customer="200", other_customer="404 not_found", **BARRED, **NO_CUSTOMER),
        path={"name": "a_profile"},
    ),
    Row(
        "DELETE /import-profiles/{name}",
        "the customer's profile",
        with_a_token(customer="204", other_customer="404 not_found", **BARRED, **NO_CUSTOMER),
        path={"name": "an_old_profile"},
        witness="profiles",
    ),
    Row(
        "GET /imports",
        "the customer's import",
        with_a_token(customer="200 with", other_customer="200 without", **BARRED, **NO_CUSTOMER),
        path={"import_id": "the_import"},
    ),
    Row(
        "GET /imports/{import_id}",
        "the customer's import",
        with_a_token(
            customer="200",
            other_customer="404 not_found",
            dispatcher="200",
            **BARRED,
            **dict.fromkeys(("agent_pending", "agent", "other_agent", "suspended_agent"), "403 forbidden"),
        ),
        path={"import_id": "the_import"},
    ),
    Row(
        "GET /routes/{agent_id}",
        "`me`",
        with_a_token(agent="200", other_agent="200", dispatcher="404 not_found", **NO_AGENT, **NOT_ACTIVE),
        path={"agent_id": "me"},
    ),
    Row(
        "GET /routes/{agent_id}",
        "the agent's",
        with_a_token(
            agent="200 with",
            other_agent="404 not_found",
            agent_pending="404 not_found",
            suspended_agent="404 not_found",
            dispatcher="200 with",
            **NO_AGENT,
        ),
        path={"agent_id": "the_agent"},
    ),
    Row(
        "PUT /routes/{agent_id}/stops",
        "an agent's without a route",
        DISPATCHER_ALONE | {"dispatcher": "404 not_found"},
        path={"agent_id": "the_suspended_agent"},
        send={"version": 1, "stops": []},
        witness="agent",
    ),
    Row(
        "POST /routes/{agent_id}/transfer",
        "an agent's without a route",
        DISPATCHER_ALONE | {"dispatcher": "404 not_found"},
        path={"agent_id": "the_suspended_agent"},
        send={"to": None},
        witness="agent",
    ),
    Row("GET /agents", "", DISPATCHER_ALONE),
    Row(
        "GET /agents/{agent_id}",
        "`me`",
        with_a_token(
            agent_pending="200",
            agent="200",
            other_agent="200",
            suspended_agent="403 agent_not_active",
            dispatcher="404 not_found",
            **NO_AGENT,
        ),
        path={"agent_id": "me"},
    ),
    Row(
        "GET /agents/{agent_id}",
        "the agent",
        with_a_token(
            agent="200",
            dispatcher="200",
            **dict.fromkeys(("agent_pending", "other_agent", "suspended_agent"), "404 not_found"),
            **NO_AGENT,
        ),
        path={"agent_id": "the_agent"},
    ),
    Row(
        "PUT /agents/{agent_id}/location",
        "`me`",
        with_a_token(
            agent="200",
            other_agent="409 not_on_route",
            dispatcher="403 forbidden",
            **NOT_ACTIVE,
            **NO_AGENT,
        ),
        path={"agent_id": "me"},
        send=a_point,
        witness="location",
    ),
    Row(
        "PUT /agents/{agent_id}/location",
        "the agent's",
        with_a_token(
            agent="200",
            dispatcher="403 forbidden",
            **dict.fromkeys(("agent_pending", "other_agent", "suspended_agent"), "404 not_found"),
            **NO_AGENT,
        ),
        path={"agent_id": "the_agent"},
        send=a_point,
        witness="location",
    ),
    Row(
        "PUT /agents/{agent_id}",
        "`me`, the vehicle",
        with_a_token(
            agent_pending="200",
            agent="200",
            other_agent="200",
            suspended_agent="403 agent_not_active",
            dispatcher="404 not_found",
            **NO_AGENT,
        ),
        path={"agent_id": "me"},
        send={"vehicle": {"capacity": 41}},
        witness="agent",
    ),
    Row(
        "PUT /agents/{agent_id}",
        "the agent's vehicle",
        with_a_token(
            agent="200",
            dispatcher="200",
            **dict.fromkeys(("agent_pending", "other_agent", "suspended_agent"), "404 not_found"),
            **NO_AGENT,
        ),
        path={"agent_id": "the_agent"},
        send={"vehicle": {"capacity": 41}},
        witness="agent",
    ),
    Row(
        "PUT /agents/{agent_id}",
        "`me`, status `active`",
        with_a_token(
            **dict.fromkeys(("agent_pending", "agent", "other_agent", "suspended_agent"), "422 invalid"),
            dispatcher="404 not_found",
            **NO_AGENT,
        ),
        path={"agent_id": "me"},
        send={"status": "active"},
        witness="agent",
    ),
    Row(
        "PUT /agents/{agent_id}",
        "a third agent, status `suspended`",
        with_a_token(
            **dict.fromkeys(("agent_pending", "agent", "other_agent", "suspended_agent"), "404 not_found"),
            dispatcher="200",
            **NO_AGENT,
        ),
        path={"agent_id": "a_third_agent"},
        send={"status": "suspended"},
        witness="agent",
    ),
    Row("GET /plans/preview", "", DISPATCHER_ALONE, query={"agent_id": "the_agent"}),
    Row("GET /customers", "", DISPATCHER_ALONE),
    Row(
        "PUT /customers/{customer_id}",
        "a third customer, status `suspended`",
        DISPATCHER_ALONE,
        path={"customer_id": "a_third_customer"},
        send={"status": "suspended"},
        witness="customer",
    ),
)


# The table as Markdown

HEADINGS = {
    "no_token": "no token",
    "alg_none": "`alg: none`",
    "cognitos_own": "Cognito's own",
    "another_pool": "another pool's",
    "suspended_customer": "customer, suspended",
    "agent_pending": "agent, pending",
    "suspended_agent": "agent, suspended",
}


def table(callers):
    lines = [["call"] + [HEADINGS.get(caller, caller.replace("_", " ")) for caller in callers]]
    lines.append(["---"] * len(lines[0]))
    for row in ROWS:
        call = f"`{row.call}`" + (f" {row.about}" if row.about else "")
        lines.append([call] + [cell(row.answers[caller]) for caller in callers])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(answer):
    return answer.replace("200 without", "200, not in it").replace("200 with", "200, in it")


if __name__ == "__main__":
    print("Without a valid token:", table(TOKENS), "With the caller's own access token:", table(PEOPLE), sep="\n\n")
