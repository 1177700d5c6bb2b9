"""The stack by default, without a geocoder: addresses are only for people."""

from problems import problem


def test_an_address_alone_is_refused_and_the_reason_is_told(shared_town):
    ana = shared_town.customer()
    body = shared_town.body()
    del body["dropoff"]["location"]
    (error,) = problem(ana.order(body), 422, "invalid")["errors"]
    assert error["pointer"] == "#/dropoff/location" and "no geocoder" in error["detail"]
    assert ana.every("/orders", "orders") == []
