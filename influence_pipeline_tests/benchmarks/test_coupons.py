"""The instruments of the coupon benchmark: the API that stands in, and what is made of latencies."""

from __future__ import annotations

import os
import time
from pathlib import Path

import requests

from benchmarks.processes import child
from benchmarks.redeeming import Redeemed
from influence_pipeline_tests.sandbox.platform_fixtures import until


def test_a_redemption_without_a_coupon_counts_as_the_slowest() -> None:
    found = Redeemed(sent=100, seconds=[number / 100 for number in range(98)])
    assert found.missing == 2
    assert found.quantile(0.5) == 0.5
    assert found.quantile(0.99) == float("inf")


def test_the_api_that_stands_in_knows_every_customer_after_a_moment(tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    arguments = ("benchmarks.customer_api", "--port-file", port_file, "--ms", 30)
    with child(*arguments, environment=os.environ), requests.Session() as session:
        until(port_file.exists, "the API")
        url = f"http://127.0.0.1:{port_file.read_text()}/v1"
        for customer in ("cus_1", "a/b"):
            began = time.monotonic()
            reply = session.get(f"{url}/customers/{customer.replace('/', '%2F')}", timeout=5)
            assert time.monotonic() - began >= 0.03
            assert reply.json() == {"customer": {"id": f"inf-{customer}", "externalId": customer}}
        assert session.get(f"{url}/orders/1", timeout=5).status_code == 404
