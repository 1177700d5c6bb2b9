"""End-to-end tests: over HTTP, against the stack that the environment names (`eval "$(make -s env)"`).

Each test has its own town, far from all others, so that no other agents take its orders.
"""

import itertools
import sys
import time
import uuid
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "local"))

from contract import Record
from functions_inside import Functions
from town import Town, middles_of_towns
from waybill_client import PASSWORD, Mailbox, Person, Stack, StackMissing, expect
from zones import ROWS

# The clock decides the first town, so that a second run on the same stack uses new towns.
TOWNS_A_MINUTE = 25
zone_turns = itertools.count(step=5)


# These files look at what all other tests have left: their calls, the logs, and the record of the functions' calls.
LAST = ("test_contract.py", "test_logs.py", "test_metrics.py", "test_least_privilege.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Puts the files of LAST at the end, and leaves out of a run of some tests what holds only after all of them."""
    items.sort(key=lambda item: LAST.index(item.path.name) if item.path.name in LAST else -1)
    every_file = {path.name for path in Path(__file__).parent.glob("test_*.py")}
    option = config.option
    some_are_left_out = option.keyword or option.markexpr or option.deselect or option.lf
    if some_are_left_out or not every_file <= {item.path.name for item in items}:
        after_all = [item for item in items if item.get_closest_marker("after_all_tests")]
        config.hook.pytest_deselected(items=after_all)
        items[:] = [item for item in items if item not in after_all]


@pytest.fixture(scope="session", autouse=True)
def session_began():
    return time.time()


@pytest.fixture(scope="session")
def stack():
    try:
        stack = Stack()
    except StackMissing as missing:
        pytest.exit(str(missing), returncode=4)
    stack.record = Record(stack.api_url)
    stack.listeners.append(stack.record.hear)
    return stack


@pytest.fixture(scope="session")
def record(stack):
    """The calls of all tests."""
    return stack.record


@pytest.fixture(scope="session")
def functions(stack):
    return Functions(stack)


@pytest.fixture(scope="session")
def dispatcher(stack):
    """A dispatcher. Only AWS calls create one, as in the Makefile, because nobody can sign up as a dispatcher."""
    person = Person(stack, "dispatcher", f"dispatcher-{uuid.uuid4().hex[:12]}@example.com", "Dispatch")
    cognito, pool = stack.aws("cognito-idp"), stack.user_pool_id
    attributes = [{"Name": "email", "Value": person.email}, {"Name": "email_verified", "Value": "true"}]
    attributes.append({"Name": "name", "Value": person.name})
    cognito.admin_create_user(
        UserPoolId=pool, Username=person.email, UserAttributes=attributes, MessageAction="SUPPRESS"
    )
    cognito.admin_set_user_password(UserPoolId=pool, Username=person.email, Password=PASSWORD, Permanent=True)
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=person.email, GroupName="dispatcher")
    expect(person.log_in(), 200)
    return person


@pytest.fixture(scope="session")
def middles():
    towns = middles_of_towns()
    return itertools.islice(itertools.cycle(towns), int(time.time() // 60) * TOWNS_A_MINUTE % len(towns), None)


@pytest.fixture
def town(stack, dispatcher, middles):
    place = Town(stack, dispatcher, next(middles))
    yield place
    place.leave()


@pytest.fixture(scope="module")
def shared_town(stack, dispatcher, middles):
    """One town for all tests of a file that do not affect each other."""
    place = Town(stack, dispatcher, next(middles))
    yield place
    place.leave()


@pytest.fixture
def zones_apart(stack, dispatcher):
    """A town in the very middle of a zone, and the zones around it."""
    zones = ROWS[(next(zone_turns) + int(time.time() // 60)) % len(ROWS)]
    place = Town(stack, dispatcher, zones.middle)
    yield place, zones
    # There are few of these zones, so another test soon uses them again.
    for person in place.people:
        if person.role == "agent":
            expect(dispatcher.put(f"/agents/{person.user_id}", {"status": "suspended"}), 200)
    place.leave()


@pytest.fixture(scope="module")
def importer(stack, functions):
    """Creates customers who upload files. At the end it deletes their orders from the table: cancelling is slow."""
    made = []

    def new():
        made.append(Person(stack, "customer", f"importer-{uuid.uuid4().hex[:12]}@example.com", "Ana Importer").join())
        return made[-1]

    yield new
    for person in made:
        functions.forget_orders(functions.orders_in_table(person))


@pytest.fixture
def mailbox(stack):
    box = Mailbox(stack, f"waybill-tests-{uuid.uuid4().hex}")
    yield box
    box.close()
