"""Admin APIs of three shops, small and over real HTTP, for the writers' ordinary tests; and one
attempt at a coupon.

Medusa's and Vendure's shapes (bodies, statuses, error codes) are those that Medusa 2.21.2 and
Vendure 3.7.3 answered on 2026-11-29; `test_running_shops` asks the real ones. Saleor's follow its
public schema and were never compared with a running Saleor.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from influence_pipeline.store.coupons.interface import Coupon, CouponWriter

Answer = tuple[int, Any]


def attempt(writer: CouponWriter, coupon: Coupon) -> bool:
    """One attempt as `webhooks.issue` makes it: look, and create what is not there. Tells whether
    it was created."""
    with writer.hold(coupon.code) as desk:
        if desk.find() is not None:
            return False
        desk.create(coupon)
        return True


class FakeShop:
    """A server. A test plans what happens to the next call of a name (`createPromotion`,
    `POST /admin/promotions`): nothing is done and this is answered, or it is done and the reply is
    lost. `calls`: names in order."""

    token_header = "authorization"

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.headers: list[dict[str, str]] = []
        self._instead: dict[str, list[Answer | bytes]] = {}
        self._lost: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet

            def _reply(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                given = {name.lower(): value for name, value in self.headers.items()}
                answer = outer._take(self.command, self.path, given, body)
                if answer is None:
                    self.close_connection = True
                    return
                status, content = answer
                raw = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in outer.reply_headers(content).items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = _reply  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def instead(self, name: str, status: int, content: Any) -> None:
        self._instead.setdefault(name, []).append((status, content))

    def lose_the_reply_of(self, name: str) -> None:
        self._lost.append(name)

    def reply_headers(self, content: Any) -> dict[str, str]:
        return {"location": "http://127.0.0.1:1/"}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _take(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        self.headers.append(headers)
        parsed = json.loads(body) if body else None
        name = self.name_of(method, path, parsed)
        self.calls.append(name)
        if self._instead.get(name):
            return self._instead[name].pop(0)  # type: ignore[return-value]
        answer = self.answer(method, path, headers, parsed)
        if name in self._lost:
            self._lost.remove(name)
            return None
        return answer

    def name_of(self, method: str, path: str, body: Any) -> str:
        return f"{method} {urlsplit(path).path}"

    def answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> Answer:
        raise NotImplementedError


class FakeMedusa(FakeShop):
    key = "sk_0123456789"

    def __init__(self) -> None:
        super().__init__()
        self.promotions: list[dict[str, Any]] = []

    def answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> Answer:
        basic = base64.b64encode(f"{self.key}:".encode()).decode()
        if headers.get("authorization") != f"Basic {basic}":
            return 401, {"message": "Unauthorized"}
        if method == "GET":
            (code,) = parse_qs(urlsplit(path).query)["code"]
            found = [each for each in self.promotions if each["code"] == code]
            return 200, {"promotions": found, "count": len(found), "offset": 0, "limit": 2}
        if (
            body["application_method"]["value"] > 100
            and body["application_method"]["type"] != "fixed"
        ):
            message = "Application Method value should be a percentage number between 0 and 100"
            return 400, {"type": "invalid_data", "message": message}
        if any(each["code"] == body["code"] for each in self.promotions):
            message = f"Promotion with code: {body['code']}, already exists."
            return 400, {"type": "invalid_data", "message": message}
        rules = [
            {**rule, "values": [{"value": value} for value in rule["values"]]}
            for rule in body["rules"]
        ]
        self.promotions.append({**body, "id": f"promo_{len(self.promotions)}", "rules": rules})
        return 200, {"promotion": self.promotions[-1]}


class FakeGraphQL(FakeShop):
    def name_of(self, method: str, path: str, body: Any) -> str:
        found = re.search(r"mutation.*?\{\s*(\w+)", body["query"], re.DOTALL)
        return found[1] if found else "query"

    def answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> Answer:
        refused = self.kept_out(path, headers, body)
        if refused is not None:
            return refused
        name = self.name_of(method, path, body)
        data = self.ask(name, body["variables"])
        return 200, data if "errors" in data else {"data": data}

    def kept_out(self, path: str, headers: dict[str, str], body: Any) -> Answer | None:
        raise NotImplementedError

    def ask(self, name: str, values: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError


def vendure_error(message: str, code: str) -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}], "data": None}


class FakeVendure(FakeGraphQL):
    key = "862c08ba94ec18adee6995e2:3a21faf3a28aa989439b1ef86b6e7070"

    def __init__(self) -> None:
        super().__init__()
        self.sessions: list[str] = []
        self.customers = {"1", "2"}
        self.variants = {"11": ["111", "112"], "12": ["121"]}
        self.groups: dict[str, dict[str, Any]] = {}
        self.promotions: list[dict[str, Any]] = []
        self.channels = [self.channel("1", "__default_channel__", "EUR")]
        # Members of groups that the server has looked up, and keeps in memory.
        self.remembered: dict[str, set[str]] = {}

    @staticmethod
    def channel(id_: str, code: str, *currencies: str) -> dict[str, Any]:
        return {"id": id_, "code": code, "token": f"token-{id_}", "availableCurrencyCodes": list(currencies)}  # fmt: skip

    def discounts(self, code: str, customer: str | None, channel: str = "1") -> bool:
        """Whether a coupon gives this customer something, by the server's memory."""
        (promotion,) = (p for p in self.promotions if p["couponCode"].lower() == code.lower())
        for condition in promotion["conditions"]:
            if condition["code"] == "customer_group":
                if customer is None:
                    return False
                groups = {g for g, group in self.groups.items() if customer in group["members"]}
                known = self.remembered.setdefault(customer, groups)
                if condition["args"][0]["value"] not in known:
                    return False
        return promotion["enabled"] and channel in promotion["channels"]

    def reply_headers(self, content: Any) -> dict[str, str]:
        fresh = isinstance(content, dict) and "login" in (content.get("data") or {})
        return {"vendure-auth-token": self.sessions[-1]} if fresh and self.sessions else {}

    def kept_out(self, path: str, headers: dict[str, str], body: Any) -> Answer | None:
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if "login" in body["query"]:
            return None
        if headers.get("vendure-api-key") == self.key or bearer in self.sessions:
            return None
        return 200, vendure_error("You are not currently authorized to perform this action", "FORBIDDEN")  # fmt: skip

    def ask(self, name: str, values: dict[str, Any]) -> dict[str, Any]:
        if name == "login":
            good = (values["user"], values["password"]) == ("coupons", "pass:word")
            if good:
                self.sessions.append(f"session-{len(self.sessions)}")
            return {"login": {"__typename": "CurrentUser" if good else "InvalidCredentialsError"}}
        if name == "query":
            return self._query(values)
        given = values.get("input", {})
        if name == "createCustomerGroup":
            id_ = str(len(self.groups) + 1)
            self.groups[id_] = {"name": given["name"], "members": []}
            return {name: {"id": id_}}
        if name == "addCustomersToGroup":
            group = self.groups[values["group"]]
            for customer in self.customers & set(values["customers"]):
                if customer not in group["members"]:
                    group["members"].append(customer)
                self.remembered.pop(customer, None)
            return {name: self._group(values["group"])}
        if name == "createPromotion":
            return self._create(given)
        (promotion,) = (p for p in self.promotions if p["id"] in str(given))
        if name == "assignPromotionsToChannel":
            promotion["channels"].append(given["channelId"])
            return {name: [{"id": promotion["id"]}]}
        promotion["enabled"] = given["enabled"]
        return {name: {"__typename": "Promotion"}}

    def _create(self, given: dict[str, Any]) -> dict[str, Any]:
        percent = [a["value"] for op in given["actions"] for a in op["arguments"]]
        if percent and percent[0] == "666":
            return vendure_error(f'No such "{given["couponCode"]}" for anna@example.com', "USER_INPUT_ERROR")  # fmt: skip
        made = {
            **given,
            "id": f"p{len(self.promotions)}",
            "name": given["translations"][0]["name"],
            "channels": ["1"],
            **{
                part: [{"code": op["code"], "args": op["arguments"]} for op in given[part]]
                for part in ("conditions", "actions")
            },
        }
        self.promotions.append(made)
        return {"createPromotion": {"__typename": "Promotion", "id": made["id"]}}

    def _query(self, values: dict[str, Any]) -> dict[str, Any]:
        if "ids" in values:
            return {"products": {"items": [
                {"id": id_, "variants": [{"id": v} for v in self.variants[id_]]}
                for id_ in values["ids"] if id_ in self.variants
            ]}}  # fmt: skip
        if "id" in values:
            return {"customerGroup": self._group(values["id"])}
        pattern = re.compile(values["code"], re.IGNORECASE)
        named = [id_ for id_, group in self.groups.items() if group["name"] == values.get("group")]
        known = values.get("customer") in self.customers
        return {
            "promotions": {
                "items": [p for p in self.promotions if pattern.search(p["couponCode"])]
            },
            "channels": {"items": self.channels},
            "globalSettings": {"serverConfig": {"moneyStrategyPrecision": 2}},
            "customer": {"id": values["customer"]} if known else None,
            "customerGroups": {"items": [self._group(id_) for id_ in named]},
        }

    def _group(self, id_: str) -> dict[str, Any]:
        members = self.groups[id_]["members"]
        items = [{"id": member} for member in members[:2]]
        return {"id": id_, "customers": {"totalItems": len(members), "items": items}}


class FakeSaleor(FakeGraphQL):
    key = "saleor-app-token"

    def __init__(self) -> None:
        super().__init__()
        self.vouchers: list[dict[str, Any]] = []
        self.channels = [
            {"id": "Q2hhbm5lbDox", "slug": "us", "isActive": True, "currencyCode": "USD"},
            {"id": "Q2hhbm5lbDoy", "slug": "pl", "isActive": True, "currencyCode": "PLN"},
            {"id": "Q2hhbm5lbDoz", "slug": "old", "isActive": False, "currencyCode": "USD"},
        ]

    def kept_out(self, path: str, headers: dict[str, str], body: Any) -> Answer | None:
        if path != "/graphql/":
            return 404, b"<h1>Not Found</h1>"
        if headers.get("authorization") != f"Bearer {self.key}":
            message = (
                "To access this path, you need one of the following permissions: MANAGE_DISCOUNTS"
            )
            error = {"message": message, "extensions": {"exception": {"code": "PermissionDenied"}}}
            return 200, {"errors": [error], "data": None}
        return None

    def ask(self, name: str, values: dict[str, Any]) -> dict[str, Any]:
        if name == "voucherCreate":
            return {name: self._create(values["input"])}
        if name == "voucherChannelListingUpdate":
            (voucher,) = (v for v in self.vouchers if v["id"] == values["id"])
            voucher["channelListings"] = values["input"]["addChannels"]
            return {name: {"errors": []}}
        if not values:
            return {"channels": self.channels}
        like = values["code"].lower()
        edges: Callable[[list[Any]], Any] = lambda items: {"edges": [{"node": i} for i in items]}  # noqa: E731
        found = [v for v in self.vouchers if like in f"{v['name']} {v['addCodes']}".lower()]
        return {
            "vouchers": edges(
                [
                    {
                        **voucher,
                        "codes": edges([{"code": code} for code in voucher["addCodes"]]),
                        "products": edges([{"id": id_} for id_ in voucher["products"]]),
                    }
                    for voucher in found
                ]
            )
        }

    def _create(self, given: dict[str, Any]) -> dict[str, Any]:
        if any(set(v["addCodes"]) & set(given["addCodes"]) for v in self.vouchers):
            error = {"field": "codes", "code": "ALREADY_EXISTS", "message": "Promo code already exists."}  # fmt: skip
            return {"voucher": None, "errors": [error]}
        made = {**given, "id": f"Vm91Y2hlcjo{len(self.vouchers)}", "channelListings": []}
        self.vouchers.append(made)
        return {"voucher": {"id": made["id"]}, "errors": []}
