"""Uploads and the answers about imports: permissions, contents and refusals."""

import codecs
import csv
import io
import uuid

import pytest
import requests

import imports
from import_files import HEADER, PICKUP
from problems import pointers, problem
from waybill_client import expect

ROW = f"{PICKUP},{PICKUP}"
GOOD = f"{HEADER}\n,{ROW}\n".encode()
LARGEST_BYTES = 100_000_000


@pytest.fixture(scope="module")
def ana(importer):
    return importer()


@pytest.fixture(scope="module")
def eve(importer):
    return importer()


@pytest.fixture
def ticket(ana):
    return expect(imports.ask(ana, "orders.csv", len(GOOD)), 201)


# The upload


def test_an_upload_is_asked_for_and_waits(ana):
    ticket = expect(imports.ask(ana, "Comandes d'avui.csv", len(GOOD)), 201)
    assert ticket["method"] == "PUT" and ticket["expires_in"] == 600
    account = imports.look(ana, ticket["import_id"])
    assert account["status"] == "awaiting_upload" and account["filename"] == "Comandes d'avui.csv"
    assert (account["rows"], account["accepted"], account["rejected"], account["errors"]) == (0, 0, 0, [])
    assert account["customer_id"] == ana.user_id and account["size_bytes"] == len(GOOD) and account["progress"] == 0
    assert "started_at" not in account and "finished_at" not in account


def test_a_file_that_is_uploaded_is_imported(ana, ticket):
    assert imports.put(ticket, GOOD).status_code == 200
    account = imports.follow(ana, ticket["import_id"])
    assert (account["status"], account["rows"], account["accepted"]) == ("completed", 1, 1), account
    assert "failure" not in account and "rejected_rows_url" not in account


@pytest.mark.parametrize(
    "content, changed",
    [
        (GOOD + b"\n", {"Content-Length": str(len(GOOD) + 1)}),
        (GOOD[:-1], {"Content-Length": str(len(GOOD) - 1)}),
        (GOOD, {"Content-Type": "text/html"}),
        (GOOD, {"If-None-Match": None}),
    ],
    ids=[
        "larger than it was said to be",
        "smaller than it was said to be",
        "another type",
        "without the guard of the first",
    ],
)
def test_an_upload_that_is_not_what_was_asked_for_is_refused(ana, ticket, content, changed):
    headers = {name: value for name, value in (ticket["headers"] | changed).items() if value is not None}
    answer = requests.put(ticket["url"], data=content, headers=headers, timeout=60)
    assert answer.status_code == 403, answer.text
    assert imports.look(ana, ticket["import_id"])["status"] == "awaiting_upload"


def test_an_upload_does_not_take_the_place_of_another_import(ana, eve, ticket):
    """The signature covers the object's key, and so the customer and the import."""
    other = expect(imports.ask(eve, "orders.csv", len(GOOD)), 201)
    for own, theirs in ((ticket["import_id"], other["import_id"]), (ana.user_id, eve.user_id)):
        assert own in ticket["url"]
        answer = requests.put(ticket["url"].replace(own, theirs), data=GOOD, headers=ticket["headers"], timeout=60)
        assert answer.status_code == 403, answer.text
    assert imports.look(eve, other["import_id"])["status"] == "awaiting_upload"


def test_one_upload_is_one_file(ana, ticket):
    assert imports.put(ticket, GOOD).status_code == 200
    again = imports.put(ticket, GOOD)
    assert again.status_code == 412, again.text
    assert imports.follow(ana, ticket["import_id"])["accepted"] == 1


def test_more_than_the_limit_is_refused(ana):
    told = problem(imports.ask(ana, "orders.csv", LARGEST_BYTES + 1), 413, "too_large")
    assert "100" in told["detail"], told
    problem(imports.ask(ana, "orders.csv", 2**40), 413, "too_large")
    expect(imports.ask(ana, "orders.csv", LARGEST_BYTES), 201)


@pytest.mark.parametrize(
    "body, named",
    [
        ({}, ["#/filename", "#/size_bytes"]),
        ({"filename": "", "size_bytes": 10}, ["#/filename"]),
        ({"filename": "x" * 201, "size_bytes": 10}, ["#/filename"]),
        ({"filename": "two\nlines.csv", "size_bytes": 10}, ["#/filename"]),
        ({"filename": 7, "size_bytes": "10"}, ["#/filename", "#/size_bytes"]),
        ({"filename": "orders.csv", "size_bytes": 0}, ["#/size_bytes"]),
        ({"filename": "orders.csv", "size_bytes": -1}, ["#/size_bytes"]),
        ({"filename": "orders.csv", "size_bytes": 1.5}, ["#/size_bytes"]),
        ({"filename": "orders.csv", "size_bytes": 10, "customer_id": "somebody"}, ["#/customer_id"]),
    ],
    ids=str,
)
def test_a_wrong_request_is_named(ana, body, named):
    assert sorted(pointers(ana.post("/upload-url", body))) == named


# Permissions


def test_only_customers_import(shared_town, dispatcher, stack):
    for person in (dispatcher, shared_town.agent(on_duty=False)):
        problem(imports.ask(person, "orders.csv", 10), 403)
        problem(person.get("/imports"), 403)
    for method, path in (("POST", "/upload-url"), ("GET", "/imports"), ("GET", f"/imports/{uuid.uuid4()}")):
        problem(stack.call(method, path), 401)


def test_an_account_is_its_customers_alone(ana, eve, dispatcher, shared_town, ticket):
    path = f"/imports/{ticket['import_id']}"
    assert expect(ana.get(path), 200)["import_id"] == ticket["import_id"]
    assert expect(dispatcher.get(path), 200)["import_id"] == ticket["import_id"]
    problem(eve.get(path), 404)
    problem(shared_town.agent(on_duty=False).get(path), 403)
    problem(ana.get(f"/imports/{uuid.uuid4()}"), 404)
    problem(ana.get("/imports/none"), 404)


# The list


def test_the_list_is_ones_own_newest_first(importer):
    fay = importer()
    ids = [expect(imports.ask(fay, f"{n}.csv", len(GOOD)), 201)["import_id"] for n in range(3)]
    assert expect(fay.get("/imports"), 200)["next_cursor"] is None
    assert [told["import_id"] for told in fay.every("/imports", "imports")] == ids[::-1]
    assert [told["import_id"] for told in fay.every("/imports", "imports", limit=1)] == ids[::-1]
    assert all("errors" not in told for told in fay.every("/imports", "imports"))
    done = imports.hand_over(fay, GOOD)["import_id"]
    assert [told["import_id"] for told in fay.every("/imports", "imports", status="completed")] == [done]
    assert [told["import_id"] for told in fay.every("/imports", "imports", status="awaiting_upload")] == ids[::-1]


@pytest.mark.parametrize(
    "query, pointer",
    [
        ({"status": "lost"}, "?status"),
        ({"limit": 0}, "?limit"),
        ({"limit": 101}, "?limit"),
        ({"cursor": "!"}, "?cursor"),
    ],
    ids=str,
)
def test_a_wrong_query_is_named(ana, query, pointer):
    assert pointers(ana.get("/imports", **query)) == [pointer]


def test_a_cursor_of_somebody_else_shows_nothing_of_theirs(ana, importer):
    gus = importer()
    for n in range(2):
        expect(imports.ask(gus, f"{n}.csv", 10), 201)
    cursor = expect(gus.get("/imports", limit=1), 200)["next_cursor"]
    answer = ana.get("/imports", cursor=cursor, limit=100)
    if answer.status_code == 200:
        assert all(told["customer_id"] == ana.user_id for told in answer.json()["imports"])
    else:
        assert pointers(answer) == ["?cursor"]


# The file of rejected rows

COLUMNS = ["Notes", " PICKUP_LAT", "pickup_lon", "dropoff_lat", "dropoff_lon", "external_id", "dropoff_contact_phone"]
REJECTED = [
    # The cells in the upload, and the cells in the file of rejected rows.
    (
        ['=HYPERLINK("http://evil")', "78,2", "15.6", "78.2", "15.6", "+1", "@SUM(A1)"],
        ['\'=HYPERLINK("http://evil")', "78,2", "15.6", "78.2", "15.6", "'+1", "'@SUM(A1)"],
    ),
    (
        ["two\nlines; and, more", "x", "-15.6", "78.2", "15.6", '"quoted"', "\t=1+1"],
        ["two\nlines; and, more", "x", "'-15.6", "78.2", "15.6", '"quoted"', "'\t=1+1"],
    ),
    (["\r=1+1", "91", "15.6", "78.2", "", "-2", "+47 79"], ["'\r=1+1", "91", "15.6", "78.2", "", "'-2", "'+47 79"]),
]


def quoted(rows):
    return "\n".join(";".join('"' + cell.replace('"', '""') + '"' for cell in cells) for cells in rows) + "\n"


def test_rejected_rows_come_back_as_they_were_and_defused(ana):
    good = ["", "78.2", "15.6", "78.2", "15.6", "", ""]
    account = imports.hand_over(
        ana, quoted([COLUMNS, good, REJECTED[0][0], good, REJECTED[1][0], REJECTED[2][0]]).encode()
    )
    assert (account["status"], account["accepted"], account["rejected"]) == ("completed_with_errors", 2, 3), account
    answer = requests.get(account["rejected_rows_url"], timeout=60)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/csv"), answer.headers
    assert "attachment" in answer.headers.get("Content-Disposition", ""), "a browser saves it, and does not show it"
    assert answer.content.startswith(codecs.BOM_UTF8), "Excel reads a CSV without a mark as Latin-1"
    found = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=";"))
    header, rows = found[0], found[1:]
    assert [name.strip() for name in header[:-4]] == [name.strip() for name in COLUMNS]
    assert header[-4:] == ["rejected_row", "rejected_column", "rejected_code", "rejected_detail"]
    assert [row[:-4] for row in rows] == [back for _, back in REJECTED]
    told = [tuple(row[-4:-1]) for row in rows]
    assert told == [
        ("2", "pickup_lat", "decimal_comma"),
        ("4", "pickup_lat", "not_a_number"),
        ("5", "dropoff_lon", "missing"),
    ]
    assert all(row[-1] for row in rows), "each reason is told in words"
    assert "pickup_lat" in rows[2][-1], "every fault of a row is told"
    assert not any(cell.lstrip(" ")[:1] in tuple("=+-@\t\r") for row in rows for cell in row if cell)


def test_rejected_rows_that_were_mended_can_be_handed_over_as_they_are(ana, importer):
    """The file is sent again with its reasons, and with the signs that prevent a spreadsheet from running cells as
    formulas.
    """
    iris = importer()
    columns = f"{HEADER},dropoff_contact_phone"
    account = imports.hand_over(iris, f'{columns}\nmended,40.4,"-3,7",40.5,-3.71,+34 930 000 000\n'.encode())
    assert account["rejected"] == 1, account
    mended = imports.rejected_rows(account).replace(b'-3,7"', b'-3.7"').replace(b"'-3,7", b"-3.7")
    again = imports.hand_over(iris, mended)
    assert (again["status"], again["accepted"]) == ("completed", 1), again
    order = iris.every("/orders", "orders")[0]
    assert order["pickup"]["location"] == {"lat": 40.4, "lon": -3.7} and order["dropoff"]["location"]["lon"] == -3.71
    assert order["dropoff"]["contact"]["phone"] == "+34 930 000 000"


def test_a_row_that_was_cut_wrong_is_rejected_until_it_is_mended(importer):
    """The columns of such a row look like an order, but not like the intended one."""
    jon = importer()
    most, last = ROW.rsplit(",", 1)
    account = imports.hand_over(jon, f"{HEADER},pickup_address\nmany,{ROW},Vei 500, 2,twice\nfew,{most}\n".encode())
    codes = ["too_many_cells", "too_few_cells"]
    assert [error["code"] for error in account["errors"]] == codes, account
    again = imports.hand_over(jon, imports.rejected_rows(account))
    assert (again["accepted"], [error["code"] for error in again["errors"]]) == (0, codes), again
    assert all("empty its rejected_code cell" in error["detail"] for error in again["errors"]), again
    rejected = imports.rejected_rows(again)
    header, many, few = csv.reader(io.StringIO(rejected.decode("utf-8-sig"), newline=""))
    assert many[5:6] + many[len(header) :] == ["Vei 500", " 2", "twice"], "the cells without a column are there still"
    code = header.index("rejected_code")
    mended = [many[: len(header)], few]
    mended[0][5], mended[0][code], mended[1][code] = "Vei 500, 2", "", ""
    mended[1][4] = last
    file = io.StringIO()
    csv.writer(file).writerows([header, *mended])
    done = imports.hand_over(jon, file.getvalue().encode())
    assert (done["status"], done["accepted"]) == ("completed", 2), done
    addresses = {order["external_id"]: order["pickup"].get("address") for order in jon.every("/orders", "orders")}
    assert addresses == {"many": "Vei 500, 2", "few": None}


def test_the_first_hundred_errors_are_told_and_all_come_back(ana):
    bad = "".join(f",x,15.6,78.2,{n}\n" if n % 3 else f",{ROW}\n" for n in range(200))
    account = imports.hand_over(ana, f"{HEADER}\n{bad}".encode())
    wrong = [n + 1 for n in range(200) if n % 3]
    assert (account["rows"], account["rejected"]) == (200, len(wrong)), account
    assert [error["row"] for error in account["errors"]] == wrong[:100]
    assert len({error["row"] for error in account["errors"]}) == 100
    found = list(csv.DictReader(io.StringIO(imports.rejected_rows(account).decode("utf-8-sig"), newline="")))
    assert [int(row["rejected_row"]) for row in found] == wrong


def test_the_rejected_rows_are_behind_a_link_that_ends(ana):
    account = imports.hand_over(ana, f"{HEADER}\n,x,{PICKUP},1\n".encode())
    url = account["rejected_rows_url"]
    assert "X-Amz-Expires=600" in url
    assert requests.get(url.split("?")[0], timeout=60).status_code == 403, "the link alone opens it"
    assert requests.get(url.replace(account["import_id"], str(uuid.uuid4())), timeout=60).status_code == 403


def test_imported_orders_are_orders(importer, zones_apart):
    """Imported orders are planned like all others: an agent on duty gets them."""
    town, _ = zones_apart
    hal, ben = importer(), town.agent()
    lines = []
    for n in range(3):
        ends = (town.point(0.1 * n, 0.2), town.point(0.3, 0.1 * n))
        lines.append(f"A-{n}," + ",".join(f"{end['lat']},{end['lon']}" for end in ends))
    account = imports.hand_over(hal, "\n".join([HEADER, *lines]).encode())
    assert account["accepted"] == 3, account
    orders = town.assigned(hal, *hal.every("/orders", "orders"), to=ben)
    assert sorted(order["external_id"] for order in orders) == ["A-0", "A-1", "A-2"]
