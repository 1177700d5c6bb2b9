"""Queues and streams repeat messages and records, and nothing happens twice."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions_inside import Functions
from town import open_route, routes_of
from waybill_client import eventually, expect


class Delivered:
    """A town with two delivered orders and a failed one, after all emails were sent."""

    def __init__(self, town, mailbox, functions):
        self.town, self.mailbox, self.functions = town, mailbox, functions
        self.ana, self.ben = town.customer(), town.agent()
        mailbox.follow(self.ana)
        mailbox.follow(self.ben)
        self.orders = [town.order(self.ana, (0.3 * n, 0), (1, 0.3 * n)) for n in range(4)]
        town.assigned(self.ana, *self.orders)
        eventually("the assignments", lambda: len(mailbox.told(self.ana)) == 4)
        for order, steps in zip(
            self.orders, (["in_progress", "delivered"], ["delivered"], ["failed"], ["in_progress"])
        ):
            for status in steps:
                reason = "nobody was there" if status == "failed" else None
                expect(self.ben.mark(order["order_id"], status, reason), 200)
        # Four "assigned", two "delivered", one "failed", and at least one mail to the agent. The taps come far too
        # early, so the fourth order may be expected at another time.
        eventually("the mails about it", lambda: len(self.steps()) == 7 and mailbox.of(self.ben))
        functions.settle()

    def steps(self):
        return [news for news in self.mailbox.told(self.ana) if news[1] != "another time"]

    def everything(self):
        """Everything that a repetition could change."""
        me = {person.name: expect(person.get("/me"), 200) for person in (self.ana, self.ben)}
        agents = self.town.dispatcher.every("/agents", "agents", limit=100)
        agent = [found for found in agents if found["agent_id"] == self.ben.user_id]
        return {
            "orders": self.ana.every("/orders", "orders"),
            "routes": routes_of(self.ben),
            "people": me,
            "agent": agent,
            "mails": [(mail.user_id, mail.subject, mail.text, mail.sent_at) for mail in self.mailbox.collect(3)],
        }

    @property
    def names(self):
        """The ids that records and messages about this town mention."""
        route = open_route(self.ben)["route_id"]
        return [order["order_id"] for order in self.orders] + [self.ana.user_id, self.ben.user_id, route]


@pytest.fixture
def delivered(town, mailbox, functions: Functions):
    return Delivered(town, mailbox, functions)


def test_every_stream_record_again_changes_nothing_and_mails_nobody(delivered, functions: Functions):
    before = delivered.everything()
    assert len(before["mails"]) >= 3
    records = functions.stream_records(delivered.names)
    for table, found in records.items():
        assert found, f"no record of {table} was found"
        for _ in range(2):
            answer = functions.invoke("publish-events", {"Records": found})
            assert not (answer or {}).get("batchItemFailures"), answer
    functions.settle()
    assert delivered.everything() == before


def test_every_message_again_changes_nothing_and_mails_nobody(delivered, functions: Functions):
    before = delivered.everything()
    queues = {"optimize-routes": functions.optimization_queue, "send-notifications": functions.notification_queue}
    with functions.paused(*queues):
        for found in functions.stream_records(delivered.names).values():
            functions.invoke("publish-events", {"Records": found})
        for function, queue in queues.items():
            messages = functions.take(queue, delivered.names)
            assert messages, f"the records have led to messages for {function}"
            event = functions.sqs_event(queue, messages)
            for _ in range(2):
                answer = functions.invoke(function, event)
                assert not (answer or {}).get("batchItemFailures"), answer
    functions.settle()
    assert delivered.everything() == before


def test_a_message_delivered_to_two_at_once_is_one_mail(town, mailbox, functions: Functions):
    ana, ben = town.customer(), town.agent()
    mailbox.follow(ana)
    mailbox.follow(ben)
    with functions.paused("send-notifications"):
        # Two orders, so that the route is still open when the agent's email is sent. A completed route causes no email.
        orders = [town.order(ana), town.order(ana)]
        for order in orders:
            town.assigned(ana, order)
        expect(ben.mark(orders[0]["order_id"], "delivered"), 200)
        names = [ana.user_id, ben.user_id]
        messages = functions.take(functions.notification_queue, names)
        asked = {json.loads(message["Body"])["user_id"] for message in messages}
        assert asked == {ana.user_id, ben.user_id}
        event = functions.sqs_event(functions.notification_queue, messages)
        answers = functions.invoke_at_once("send-notifications", [event] * 3)
        # A run that finds the outbox taken by another run leaves a message for later.
        assert not any((answer or {}).get("batchItemFailures") for answer in answers), answers
    functions.settle()
    mailbox.collect(3)
    assert len(mailbox.of(ana)) == 1, [mail.subject for mail in mailbox.of(ana)]
    assert sorted(word for _, word in mailbox.told(ana)) == ["assigned", "delivered"]
    assert len(mailbox.of(ben)) == 1, [mail.subject for mail in mailbox.of(ben)]


def test_an_agent_coming_on_duty_twice_is_planned_for_once(town, functions: Functions):
    ana, ben = town.customer(), town.agent(on_duty=False)
    order = town.order(ana)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ben.put("/agents/me", {"on_duty": True}), range(4)))
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    town.assigned(ana, order, to=ben)
    functions.settle()
    assert len(routes_of(ben)) == 1


def test_nothing_lies_in_a_dead_letter_queue(stack, functions: Functions):
    """No message of the tests so far is a dead letter."""
    sqs = stack.aws("sqs")
    for queue in (functions.optimization_queue, functions.notification_queue):
        policy = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])["Attributes"][
            "RedrivePolicy"
        ]
        name = json.loads(policy)["deadLetterTargetArn"].rsplit(":", 1)[1]
        dead = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        assert functions.waiting_in(dead) == 0, f"{name} holds messages"
