"""Photos and signatures that prove a pickup or a delivery: who may send and see them, and what is kept of them."""

import io
import os
from pathlib import Path

import pytest
import requests
from PIL import Image

import pictures
from problems import pointers, problem
from waybill_client import eventually, expect


@pytest.fixture(scope="module")
def parcel(shared_town):
    """Makes orders on the route of an agent."""
    town = shared_town
    ana, ben = town.customer(), town.agent(capacity=1000)

    def make(**more):
        order = town.order(ana, (0, 0), (0, 1), **more)
        town.assigned(ana, order, to=ben)
        return ana, ben, order["order_id"]

    return make


def announce(person, order_id, content, **more):
    body = {
        "kind": "photo",
        "stop": "dropoff",
        "size_bytes": len(content),
        "sha256": pictures.sha256(content),
        "content_type": "image/jpeg",
    }
    return person.post(f"/orders/{order_id}/proofs", body | more)


def put(ticket, content, **changed):
    headers = {name: value for name, value in (ticket["headers"] | changed).items() if value is not None}
    return requests.put(ticket["url"], data=content, headers=headers, timeout=60)


def seen(person, order_id):
    proofs = expect(person.get(f"/orders/{order_id}/proofs"), 200)["proofs"]
    return {proof["proof_id"]: proof for proof in proofs}


def sent(person, order_id, content, **more):
    """The picture after it was read."""
    ticket = expect(announce(person, order_id, content, **more), 201)
    answer = put(ticket, content)
    assert answer.status_code == 200, answer.text

    def read():
        proof = seen(person, order_id)[ticket["proof_id"]]
        return proof if proof["status"] != "awaited" else None

    return eventually("the picture is read", read, seconds=90)


def objects(stack, order_id):
    """The files of an order in the bucket, by folder."""
    s3, bucket = stack.aws("s3"), stack.environment["UPLOADS_BUCKET"]
    folders = ("proof-uploads", "proofs")
    return {
        folder: [
            one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix=f"{folder}/{order_id}/").get("Contents", [])
        ]
        for folder in folders
    }


def copy(proof):
    answer = requests.get(proof["url"], timeout=60)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return answer.headers["Content-Type"], answer.content


def without_metadata(content):
    image = Image.open(io.BytesIO(content))
    assert not image.getexif() and "exif" not in image.info and "Comment" not in image.info
    for told in (b"Exif", b"GPS", b"eXIf", b"tEXt", b"Secret", b"secret"):
        assert told not in content, told
    return image


def test_photos_are_kept_without_metadata_and_shown_to_the_right_people(stack, parcel, shared_town):
    ana, ben, order_id = parcel(requires_proof={"dropoff": {"photo": True}})
    assert expect(ben.get(f"/orders/{order_id}"), 200)["requires_proof"] == {"dropoff": {"photo": True}}
    stops = expect(ben.get("/routes/me"), 200)["routes"][0]["stops"]
    (door,) = (stop for stop in stops if stop["order_id"] == order_id and stop["kind"] == "dropoff")
    assert door["requires_proof"] == {"photo": True}
    turned = sent(ben, order_id, pictures.jpeg(3000, 1500, turned=True), tap_id="tap-00001")
    assert (turned["status"], turned["width"], turned["height"]) == ("kept", 1000, 2000), turned
    assert turned["tap_id"] == "tap-00001" and turned["by"] == ben.user_id and "url" not in turned
    with_place = sent(ben, order_id, pictures.png_with_place(), content_type="image/png")
    signed = sent(ben, order_id, pictures.signature(), kind="signature", content_type="image/png")
    for person in (ana, shared_town.dispatcher):
        proofs = seen(person, order_id)
        assert len(proofs) == 3
        kind, content = copy(proofs[turned["proof_id"]])
        image = without_metadata(content)
        assert (kind, image.format, image.size) == ("image/jpeg", "JPEG", (1000, 2000))
        kind, content = copy(proofs[with_place["proof_id"]])
        assert without_metadata(content).size == (640, 480)
        kind, content = copy(proofs[signed["proof_id"]])
        image = without_metadata(content)
        assert (kind, image.format, image.getpixel((0, 0))) == ("image/png", "PNG", (255, 255, 255))
    files = objects(stack, order_id)
    assert files["proof-uploads"] == [] and len(files["proofs"]) == 3, "the uploads are deleted"
    eve = shared_town.customer()
    problem(eve.get(f"/orders/{order_id}/proofs"), 404, "not_found")


def half_of(content):
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    "content, because",
    [
        (pictures.heic, "not_a_picture"),
        (pictures.archive, "not_a_picture"),
        (pictures.bomb, "too_large"),
        (lambda: half_of(pictures.png_with_place()), "not_a_picture"),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not_a_picture"),
    ],
    ids=["HEIC", "a ZIP named .jpg", "a decompression bomb", "a PNG that is cut off", "SVG"],
)
def test_what_is_no_picture_is_refused_and_nothing_of_it_stays(stack, parcel, content, because):
    ana, ben, order_id = parcel()
    refused = sent(ben, order_id, content())
    assert (refused["status"], refused.get("because")) in {("refused", because)}, refused
    assert "url" not in seen(ana, order_id)[refused["proof_id"]]
    eventually("nothing stays", lambda: objects(stack, order_id) == {"proof-uploads": [], "proofs": []}, seconds=30)


@pytest.mark.parametrize("progressive", [False, True], ids=["from top to bottom", "progressive"])
def test_a_picture_of_40_megapixels_fits_into_the_memory(stack, parcel, functions, progressive):
    _, ben, order_id = parcel()
    content = pictures.jpeg(7300, 5500, progressive=progressive)
    assert len(content) < 10_000_000
    kept = sent(ben, order_id, content)
    assert (kept["status"], kept["width"], kept["height"]) == ("kept", 2000, 1507), kept
    most = memory_of(functions.name_of("store-proof"))
    limit_mb = stack.aws("lambda").get_function_configuration(FunctionName=functions.name_of("store-proof"))[
        "MemorySize"
    ]
    print(f"store-proof has used {max(most)} MB of {limit_mb} MB")
    assert 0 < max(most) < limit_mb / 2


def memory_of(function):
    """The most memory that each running process of a function has used, in MB. The stack runs on this machine."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            variables = (process / "environ").read_bytes().split(b"\0")
            if process.stat().st_uid == os.getuid() and f"AWS_LAMBDA_FUNCTION_NAME={function}".encode() in variables:
                status = (process / "status").read_text()
                (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
                found.append(int(peak) / 1024)
        except (OSError, ValueError):
            continue
    return found


@pytest.mark.parametrize("change", ["longer", "shorter", "another type", "without the guard"])
def test_an_upload_that_is_not_what_was_signed_is_refused(stack, parcel, change):
    _, ben, order_id = parcel()
    content = pictures.jpeg()
    ticket = expect(announce(ben, order_id, content), 201)
    answer = {
        "longer": lambda: put(ticket, content + b"x", **{"Content-Length": str(len(content) + 1)}),
        "shorter": lambda: put(ticket, content[:-1], **{"Content-Length": str(len(content) - 1)}),
        "another type": lambda: put(ticket, content, **{"Content-Type": "text/html"}),
        "without the guard": lambda: put(ticket, content, **{"If-None-Match": None}),
    }[change]()
    assert answer.status_code == 403, answer.text
    assert seen(ben, order_id)[ticket["proof_id"]]["status"] == "awaited"


def test_other_bytes_of_the_same_length_and_a_second_upload_are_refused(stack, parcel):
    _, ben, order_id = parcel()
    content = pictures.jpeg()
    ticket = expect(announce(ben, order_id, content), 201)
    other = content[:-1] + b"x"
    assert put(ticket, other).status_code == 400, "S3 compares the digest"
    no_digest = put(ticket, other, **{"x-amz-checksum-sha256": None})
    assert no_digest.status_code == 403, "the digest is signed"
    again = expect(announce(ben, order_id, content), 201)
    assert again["proof_id"] == ticket["proof_id"]
    assert put(ticket, content).status_code == 200
    # Until the first one is read, S3 has it and takes no second one. After that, a second one is deleted unread.
    assert put(ticket, content).status_code in (200, 409, 412)
    eventually("it is read", lambda: seen(ben, order_id)[ticket["proof_id"]]["status"] == "kept", seconds=60)
    eventually("it is deleted", lambda: objects(stack, order_id)["proof-uploads"] == [], seconds=30)
    problem(announce(ben, order_id, content), 409, "proof_not_awaited")


def test_another_agent_sends_nothing_and_a_picture_may_come_after_the_tap(parcel, shared_town):
    ana, ben, order_id = parcel()
    carl = shared_town.agent(on_duty=False)
    content = pictures.jpeg()
    problem(announce(carl, order_id, content), 404, "not_found")
    problem(announce(ana, order_id, content), 403, "forbidden")
    expect(ben.mark(order_id, "in_progress"), 200)
    expect(ben.mark(order_id, "delivered"), 200)
    assert sent(ben, order_id, content)["status"] == "kept"
    for number in range(2):
        expect(announce(ben, order_id, content, tap_id=f"tap-0000{number}"), 201)
    problem(announce(ben, order_id, content, tap_id="tap-00003"), 409, "too_many_proofs")


def test_an_announcement_names_each_bad_field(parcel):
    _, ben, order_id = parcel()
    content = pictures.jpeg()
    answer = announce(ben, order_id, content, content_type="image/heic", size_bytes=10_000_001, kind="film", url="x")
    assert sorted(pointers(answer)) == ["#/content_type", "#/kind", "#/size_bytes", "#/url"]


def test_an_order_names_each_bad_requirement(shared_town):
    ana = shared_town.customer()
    bad = {"pickup": {"pin": True}, "dropoff": {"barcodes": ["A", "A"]}, "door": {}}
    answer = ana.order(shared_town.body(requires_proof=bad))
    expected = ["#/requires_proof/door", "#/requires_proof/dropoff/barcodes", "#/requires_proof/pickup/pin"]
    assert sorted(pointers(answer)) == expected
