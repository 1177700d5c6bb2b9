"""The contract, docs/openapi.yaml, and a comparison of calls with it."""

import json
import re
import threading
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.paths.exceptions import PathError

FILE = Path(__file__).resolve().parent.parent / "docs/openapi.yaml"
CONTRACT = yaml.safe_load(FILE.read_text())
METHODS = ("get", "put", "post", "delete", "patch")
JSON_TYPES = ("application/problem+json", "application/geo+json", "application/merge-patch+json")
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def calls():
    """Each call of the contract, as its method and its path."""
    return {(method.upper(), path) for path, item in CONTRACT["paths"].items() for method in item if method in METHODS}


def form_of(value):
    """What the contract says about a value: its type, the names of its members, and words such as `in_progress`."""
    if isinstance(value, dict):
        return tuple(sorted((name, form_of(member)) for name, member in value.items()))
    if isinstance(value, list):
        return frozenset(map(form_of, value))
    is_word = isinstance(value, str) and re.fullmatch("[a-z]+(_[a-z]+)*", value)
    return value if is_word else type(value).__name__


def body_form(body):
    try:
        return form_of(json.loads(body or b"null"))
    except ValueError:
        return "no JSON"


class Record:
    """Calls of the tests. There are many, so the record keeps one of each form."""

    def __init__(self, api_url):
        self._base = urlsplit(api_url).path
        # The contract names the addresses of all stacks, and this stack has one. An answer may have only the members
        # that the contract names.
        readers = dict.fromkeys(JSON_TYPES, json.loads)
        config = Config(additional_properties_default_policy="forbid", extra_media_type_deserializers=readers)
        self._contract = OpenAPI.from_dict(CONTRACT | {"servers": [{"url": api_url}]}, config=config)
        self._lock, self._kept = threading.Lock(), {}

    def hear(self, answer):
        """Keeps an answer with its request."""
        request = answer.request
        path = ID.sub("{id}", urlsplit(request.url).path.removeprefix(self._base))
        form = (request.method, path, answer.status_code, body_form(request.body), body_form(answer.content))
        with self._lock:
            self._kept.setdefault(form, answer)

    def answers(self):
        with self._lock:
            return list(self._kept.values())

    def made(self):
        """The calls that were answered as they should, with the status of the answer: method, path, status."""
        return {
            (method, path, answer.status_code)
            for answer in self.answers()
            if answer.ok
            for method, path in calls()
            if answer.request.method == method and self._is_of(answer, path)
        }

    def _is_of(self, answer, path):
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))
        return re.fullmatch(re.escape(self._base) + pattern, urlsplit(answer.request.url).path) is not None

    def faults(self):
        """Each difference from the contract, in words."""
        return [fault for answer in self.answers() for fault in self.faults_of(answer)]

    def faults_of(self, answer):
        """The differences of one call: its answer, and its request if that was accepted."""
        request, response = RequestsOpenAPIRequest(answer.request), RequestsOpenAPIResponse(answer)
        call = f"{answer.request.method} {urlsplit(answer.request.url).path.removeprefix(self._base)}"
        if answer.request.method == "OPTIONS":
            return  # a question of a browser, which the gateway answers
        try:
            found = list(self._contract.iter_response_errors(request, response))
            if answer.ok:
                found += self._contract.iter_request_errors(request)
        except OpenAPIError as error:
            found = [error]
        for error in found:
            if isinstance(error, PathError) and answer.status_code == 404:
                continue  # a test asks for a path that does not exist
            yield f"{call}, answered {answer.status_code}: {told(error)}"


def told(error):
    """An error in words, with the place in the body."""
    cause = error.__cause__
    while cause is not None and not hasattr(cause, "schema_errors"):
        cause = cause.__cause__
    if cause is None:
        return f"{error} {error.__cause__ or ''}".strip()
    return "; ".join(f"{fault.json_path}: {fault.message[:300]}" for fault in cause.schema_errors)
