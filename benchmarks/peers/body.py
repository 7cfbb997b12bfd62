"""The body that the bare loops send: a customer as large as the sample store's."""

from __future__ import annotations

import json
import resource
import time

BODY = json.dumps(
    {
        "email": "sunny.maple.12345@example.org",
        "firstName": "Amelia",
        "lastName": "Taylor-Jones",
        "phone": "+49 151 2345678",
        "birthdayMonth": 4,
        "birthdayDay": 17,
    }
).encode()
HEADERS = {"x-api-key": "benchmark-key", "content-type": "application/json"}


def address(url: str, number: int) -> str:
    return f"{url}/v1/customers/cus_{number:06}"


def tell(began: float, records: int) -> None:
    """Print what a peer did."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    said = {
        "began": began,
        "ended": time.time(),
        "records": records,
        "cpu_seconds": used.ru_utime + used.ru_stime,
    }
    print(json.dumps(said))
