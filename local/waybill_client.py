"""What the demo and the end-to-end tests need of a Waybill stack: its API, people who use it, and their mail.

Everything goes over HTTP to the stack that the environment names (`eval "$(make -s env)"`). Mail is read where an
SQS queue can read it: at the SNS topic of the user, beside the email subscription that the backend itself makes.
"""

import base64
import json
import os
import re
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import boto3
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from secrets_told import TOLD

PASSWORD = "Correct-horse-42-battery"
NEEDED = ("API_URL", "AWS_REGION", "USER_POOL_ID", "USER_POOL_CLIENT_ID")


class StackMissing(Exception):
    """The environment does not say where the stack is."""


def eventually(what, probe, seconds=60, pause=0.25):
    """The first truthy answer of `probe`; a failure that says what never came, and what was seen last, otherwise."""
    deadline = time.monotonic() + seconds
    while True:
        seen = probe()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain: {what} (last seen: {seen!r})")
        time.sleep(pause)


class Stack:
    """Where the API and the AWS services behind it are."""

    def __init__(self, environment=os.environ):
        missing = [name for name in NEEDED if not environment.get(name)]
        if missing:
            raise StackMissing(f'{", ".join(missing)} not set: run `make up`, then `eval "$(make -s env)"`')
        self.environment = environment
        self.api_url = environment["API_URL"].rstrip("/")
        self.user_pool_id = environment["USER_POOL_ID"]
        # Each is called with every answer.
        self.listeners = []
        self._clients = {}
        self._topic_prefix = environment.get("USER_TOPIC_ARN_PREFIX")
        self._http = threading.local()

    def aws(self, service):
        """A client for one AWS service, at AWS_ENDPOINT_URL if that is set. boto3 reads it by itself."""
        if service not in self._clients:
            config = Config(retries={"max_attempts": 3}, read_timeout=120, max_pool_connections=32)
            self._clients[service] = boto3.client(service, region_name=self.environment["AWS_REGION"], config=config)
        return self._clients[service]

    def call(self, method, path, token=None, json=None, headers=None, **more):
        """One HTTP call; each thread keeps a connection of its own."""
        if not hasattr(self._http, "session"):
            self._http.session = requests.Session()
        headers = dict(headers or {})
        TOLD.hear(json)
        if token is not None:
            TOLD.add("token", token)
            headers["Authorization"] = f"Bearer {token}"
        answer = self._http.session.request(method, self.api_url + path, json=json, headers=headers, timeout=60, **more)
        if answer.content and answer.headers.get("Content-Type", "").startswith("application/json"):
            TOLD.hear(answer.json())
        for listener in self.listeners:
            listener(answer)
        return answer

    def topic_of(self, user_id):
        """The ARN of the user's topic once the backend has made it, None before."""
        sns = self.aws("sns")
        if self._topic_prefix is None:
            for page in sns.get_paginator("list_topics").paginate():
                for topic in page["Topics"]:
                    if topic["TopicArn"].endswith(f"-user-{user_id}"):
                        self._topic_prefix = topic["TopicArn"].removesuffix(user_id)
            if self._topic_prefix is None:
                return None
        arn = self._topic_prefix + user_id
        try:
            sns.get_topic_attributes(TopicArn=arn)
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] in ("NotFound", "NotFoundException"):
                return None
            raise
        return arn


class Person:
    """Somebody with an account, who talks to the API with their access token."""

    def __init__(self, stack, role, email, name, password=PASSWORD):
        self.stack, self.role, self.email, self.name, self.password = stack, role, email, name, password
        self.user_id = self.token = self.refresh_token = None

    def sign_up(self, **more):
        body = {"email": self.email, "password": self.password, "name": self.name, "role": self.role, **more}
        return self.stack.call("POST", "/signup", json=body)

    def confirm(self, code=None):
        # Locally the code is always the same; AWS mails one that only a person can read.
        code = code or os.environ.get("CONFIRMATION_CODE", "123456")
        return self.stack.call("POST", "/signup/confirm", json={"email": self.email, "code": code})

    def log_in(self):
        answer = self.stack.call("POST", "/login", json={"email": self.email, "password": self.password})
        if answer.status_code == 200:
            tokens = answer.json()
            self.token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]
            self.user_id = claims(self.token)["sub"]
        return answer

    def join(self, **more):
        """Sign up, confirm and log in; each must go well."""
        expect(self.sign_up(**more), 202)
        expect(self.confirm(), 200)
        expect(self.log_in(), 200)
        return self

    def get(self, path, **params):
        return self.stack.call("GET", path, self.token, params={k: v for k, v in params.items() if v is not None})

    def post(self, path, body=None, **more):
        return self.stack.call("POST", path, self.token, json=body, **more)

    def put(self, path, body=None, **more):
        return self.stack.call("PUT", path, self.token, json=body, **more)

    def delete(self, path, body=None, **more):
        return self.stack.call("DELETE", path, self.token, json=body, **more)

    def patch(self, path, body=None, version=None):
        """An edit. With a version, only of this version of the record."""
        headers = {"Content-Type": "application/merge-patch+json"}
        headers |= {} if version is None else {"If-Match": f'"{version}"'}
        return self.stack.call("PATCH", path, self.token, json=body, headers=headers)

    def every(self, path, collection, **params):
        """All items of a listing, page after page."""
        items, cursor = [], None
        while True:
            page = expect(self.get(path, cursor=cursor, **params), 200)
            items += page[collection]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    def order(self, body, key=None):
        return self.post("/orders", body, headers={"Idempotency-Key": key} if key else None)

    def mark(self, order_id, status, reason=None):
        return self.put(f"/orders/{order_id}/status", {"status": status} | ({"reason": reason} if reason else {}))


def expect(answer, status):
    """The answer's JSON, or a failure that shows what came instead."""
    if answer.status_code != status:
        call = f"{answer.request.method} {answer.request.path_url}"
        raise AssertionError(f"{call}: {answer.status_code} instead of {status}: {answer.text[:600]}")
    return answer.json() if answer.text else None


def claims(token):
    """What a token says. Nothing is verified here: that is the backend's part."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


# How a mail about one order ends its subject, how a mail about several titles its list, and what that means.
NEWS = [
    ("has an agent", "On an agent's route:", "assigned"),
    ("has a new time", "On another route, at a new time:", "assigned again"),
    ("is expected at another time", "Expected at another time:", "another time"),
    ("was delivered", "Delivered:", "delivered"),
    ("could not be delivered", "Could not be delivered:", "failed"),
    ("was cancelled", "Cancelled by a dispatcher:", "cancelled"),
    ("could not be delivered yet", "Could not be delivered yet:", "undelivered"),
    ("comes back", "Going back to the pickup:", "returning"),
    ("is back", "Back at the pickup:", "returned"),
]
# SNS gives up an email subscription that gets more mails than this in a second. The local stack does not.
MOST_IN_A_SECOND = 10


@dataclass(frozen=True)
class Mail:
    user_id: str
    subject: str
    text: str
    sent_at: str

    @property
    def news(self):
        """What the mail tells a customer: pairs of an order's name and one of the words of NEWS."""
        for pattern, _, word in NEWS:
            if one := re.fullmatch(rf"Order (.+) {pattern}", self.subject):
                return [(one[1], word)]
        told, word = [], None
        for line in self.text.splitlines():
            word = next((word for _, title, word in NEWS if line == title), word)
            if word and line.startswith("  "):
                told.append((line.strip().partition(" to ")[0], word))
        return told


@dataclass
class Mailbox:
    """One queue that hears every topic it follows, so that each mail can be read as its reader would get it."""

    stack: Stack
    name: str
    _mails: dict = field(default_factory=dict)

    def __post_init__(self):
        sqs = self.stack.aws("sqs")
        self.url = sqs.create_queue(QueueName=self.name, Attributes={"MessageRetentionPeriod": "3600"})["QueueUrl"]
        self.arn = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "sns.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": self.arn,
                    "Condition": {"ArnLike": {"aws:SourceArn": "arn:*:sns:*:*:*-user-*"}},
                }
            ],
        }
        sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": json.dumps(policy)})

    def follow(self, person):
        """Hear what is mailed to this person from now on. Their topic is made soon after they confirm."""
        topic = eventually(
            f"a topic for the mails of {person.email}", lambda: self.stack.topic_of(person.user_id), seconds=90
        )
        self.stack.aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=self.arn, ReturnSubscriptionArn=True)

    def collect(self, wait_seconds=0):
        """Take what lies in the queue. A mail that the queue delivers twice is one mail; one published twice is two."""
        sqs = self.stack.aws("sqs")
        while True:
            answer = sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_seconds)
            messages = answer.get("Messages", [])
            for message in messages:
                letter = json.loads(message["Body"])
                user_id = letter["TopicArn"].rsplit("-user-", 1)[1]
                self._mails[letter["MessageId"]] = Mail(
                    user_id, letter.get("Subject") or "", letter["Message"], letter["Timestamp"]
                )
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            if not messages:
                return self.mails
            wait_seconds = 0

    @property
    def mails(self):
        return sorted(self._mails.values(), key=lambda mail: mail.sent_at)

    def of(self, person):
        self.collect()
        mails = [mail for mail in self.mails if mail.user_id == person.user_id]
        times = [datetime.fromisoformat(mail.sent_at) for mail in mails]
        for first, eleventh in zip(times, times[MOST_IN_A_SECOND:]):
            assert eleventh - first >= timedelta(seconds=1), f"SNS would give up the subscription of {person.name}"
        return mails

    def told(self, person):
        """All that the mails to a customer tell, in order."""
        return [news for mail in self.of(person) for news in mail.news]

    def close(self):
        self.stack.aws("sqs").delete_queue(QueueUrl=self.url)
