"""Checks of problem answers."""

from waybill_client import expect


def problem(answer, status, code=None):
    """Checks that the answer is a problem with this status, in the form of RFC 9457."""
    found = expect(answer, status)
    assert answer.headers["Content-Type"].startswith("application/problem+json"), answer.headers["Content-Type"]
    assert found["status"] == status and found["title"] and found["type"], found
    if code:
        assert found["code"] == code, found
    return found


def pointers(answer, status=422):
    """The pointers of the bad fields in the answer."""
    return [error["pointer"] for error in problem(answer, status)["errors"]]
