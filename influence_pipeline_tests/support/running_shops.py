"""Real Medusa and Vendure servers, from npm, on databases that they made themselves.

Each is installed into a folder of the test run, started on a free port, and used by its shop API as
a customer would: put something into the cart, name the code, see what is saved, order.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar

import psycopg2
import pytest
import requests

INSTALL_SECONDS = 600
START_SECONDS = 180


class RunningShop:
    """`alice` and `bob`: ids of customers. `promotions`: the table that coupons are in."""

    packages: ClassVar[dict[str, str]]
    files: ClassVar[dict[str, str]]
    command: tuple[str, ...]
    setup: tuple[tuple[str, ...], ...] = ()
    promotions: tuple[str, str]
    ready: str

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.database = folder, database
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def install(self) -> None:
        node, npm = shutil.which("node"), shutil.which("npm")
        if node is None or npm is None:
            pytest.skip("there is no node and npm to run the shop with")
        package = {"name": "shop", "version": "0.0.1", "dependencies": self.packages}
        (self.folder / "package.json").write_text(json.dumps(package))
        for name, content in self.files.items():
            (self.folder / name).write_text(content)
        install = (npm, "install", "--legacy-peer-deps", "--no-audit", "--no-fund")
        for command in (install, *self.setup):
            done = subprocess.run(command, check=False, cwd=self.folder, capture_output=True, text=True, timeout=INSTALL_SECONDS)  # fmt: skip
            if done.returncode:
                pytest.skip(f"npm did not install the shop: {done.stderr.strip()[-300:]}")

    @contextmanager
    def running(self) -> Iterator[None]:
        self.prepare()
        with (self.folder / "log").open("w") as log:
            process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment()},
                start_new_session=True,
            )
            try:
                self._wait(process)
                self.enter()
                yield
            finally:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database,
            "PORT": str(self.port),
            "TZ": "UTC",
            "MEDUSA_DISABLE_TELEMETRY": "1",
            "VENDURE_DISABLE_TELEMETRY": "true",
        }

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            assert process.poll() is None, (self.folder / "log").read_text()[-3000:]
            try:
                if requests.get(self.url + self.ready, timeout=5).ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.5)
        raise AssertionError((self.folder / "log").read_text()[-3000:])

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(self.database)) as connection, connection:
            cursor = connection.cursor()
            cursor.execute(statement, values)
            return list(cursor) if cursor.description else []

    def coupons(self, code: str) -> int:
        table, column = self.promotions
        (row,) = self.sql(f'SELECT count(*) FROM {table} WHERE "{column}" = %s', code)
        return int(row[0])

    def prepare(self) -> None:
        """Let the customers of the dump in by a password that is known."""

    def enter(self) -> None:
        """Get what the admin API lets us in with."""


class RunningVendure(RunningShop):
    packages: ClassVar = {"@vendure/core": "3.7.3", "pg": "8"}
    command = ("node", "server.js")
    ready = "/health"
    promotions = ("promotion", "couponCode")
    alice, bob = "1", "2"
    admin_path = "/admin-api"
    token = "superadmin:superadmin"
    files: ClassVar = {
        "server.js": """
const { bootstrap, dummyPaymentHandler } = require('@vendure/core');
const url = new URL(process.env.DATABASE_URL);
bootstrap({
  apiOptions: { hostname: '127.0.0.1', port: Number(process.env.PORT), adminApiPath: 'admin-api', shopApiPath: 'shop-api' },
  authOptions: { tokenMethod: ['bearer'], superadminCredentials: { identifier: 'superadmin', password: 'superadmin' } },
  dbConnectionOptions: { type: 'postgres', host: url.hostname, port: Number(url.port), username: url.username,
    password: decodeURIComponent(url.password), database: url.pathname.slice(1), synchronize: false, migrations: [] },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
}).catch(error => { console.error(error); process.exit(1); });
"""
    }

    def prepare(self) -> None:
        self.sql(
            'UPDATE authentication_method SET "passwordHash" = (SELECT "passwordHash"'
            " FROM authentication_method WHERE identifier = 'superadmin')"
        )

    def saved(self, email: str | None, code: str, *, order: bool = False) -> int | str:
        """Give the minor units that the code saves, or Vendure's word against it; order then."""
        with requests.Session() as session:

            def ask(query: str, **values: object) -> Any:
                content = {"query": query, "variables": values}
                reply = session.post(f"{self.url}/shop-api", json=content, timeout=30)
                token = reply.headers.get("vendure-auth-token")
                if token:
                    session.headers["authorization"] = f"Bearer {token}"
                answer = reply.json()
                assert "errors" not in answer, answer
                return next(iter(answer["data"].values()))

            if email is not None:
                ask("mutation ($e: String!) { login(username: $e, password: \"superadmin\") { __typename } }", e=email)  # fmt: skip
            ask("mutation { removeAllOrderLines { __typename } }")
            for old in (ask("{ activeOrder { couponCodes } }") or {}).get("couponCodes", []):
                ask("mutation ($c: String!) { removeCouponCode(couponCode: $c) { id } }", c=old)
            ask("mutation { addItemToOrder(productVariantId: 1, quantity: 1) { __typename } }")
            ask('mutation { setOrderShippingAddress(input: {streetLine1: "x", countryCode: "US"}) { __typename } }')  # fmt: skip
            method = ask("{ eligibleShippingMethods { id } }")[0]["id"]
            ask("mutation ($m: [ID!]!) { setOrderShippingMethod(shippingMethodId: $m) { __typename } }", m=[method])  # fmt: skip
            applied = ask(
                "mutation ($c: String!) { applyCouponCode(couponCode: $c) { __typename"
                " ... on ErrorResult { errorCode }"
                " ... on Order { discounts { amountWithTax } } } }",
                c=code,
            )
            if "errorCode" in applied:
                return str(applied["errorCode"])
            if order:
                ask('mutation { transitionOrderToState(state: "ArrangingPayment") { __typename } }')
                paid = ask('mutation { addPaymentToOrder(input: {method: "standard-payment", metadata: {}}) { __typename } }')  # fmt: skip
                assert paid["__typename"] == "Order"
            return -sum(each["amountWithTax"] for each in applied["discounts"])


class RunningMedusa(RunningShop):
    packages: ClassVar = {
        **{f"@medusajs/{name}": "2.21.2" for name in ("admin-sdk", "cli", "framework", "medusa")},
        "@swc/core": "1",
        "ts-node": "10",
        "typescript": "5",
        "@types/node": "20",
    }
    setup = (("npm", "rebuild", "esbuild", "@swc/core", "protobufjs"),)
    command = ("npx", "medusa", "start", "--host", "127.0.0.1")
    ready = "/health"
    promotions = ("promotion", "code")
    admin_path = ""
    files: ClassVar = {
        "medusa-config.js": """
const { defineConfig } = require('@medusajs/framework/utils');
module.exports = defineConfig({
  admin: { disable: true },
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL, databaseDriverOptions: { connection: { ssl: false } },
    http: { storeCors: '*', adminCors: '*', authCors: '*', jwtSecret: 'test', cookieSecret: 'test' },
  },
});
""",
        "tsconfig.json": '{"compilerOptions": {"skipLibCheck": true}, "exclude": ["node_modules"]}',
    }

    def prepare(self) -> None:
        self.sql(
            "UPDATE provider_identity SET provider_metadata = (SELECT provider_metadata"
            " FROM provider_identity WHERE entity_id = 'admin@example.com')"
        )
        self.alice, self.bob = (
            self.sql("SELECT id FROM customer WHERE email = %s AND has_account", f"{name}@example.com")[0][0]
            for name in ("alice", "bob")
        )  # fmt: skip
        self._key = self.sql("SELECT token FROM api_key WHERE type = 'publishable'")[0][0]
        self._region = self.sql("SELECT id FROM region WHERE currency_code = 'eur'")[0][0]

    def enter(self) -> None:
        bearer = self._login("user", "admin@example.com")
        made = requests.post(
            f"{self.url}/admin/api-keys",
            json={"title": "coupons", "type": "secret"},
            headers={"authorization": bearer},
            timeout=30,
        )
        self.token = made.json()["api_key"]["token"]

    def _login(self, kind: str, email: str) -> str:
        content = {"email": email, "password": "supersecret"}
        reply = requests.post(f"{self.url}/auth/{kind}/emailpass", json=content, timeout=30)
        return f"Bearer {reply.json()['token']}"

    def saved(self, email: str | None, code: str, *, order: bool = False) -> int | str:
        """Give the cents that the code saves; order then. Medusa has no word against a used one."""
        headers = {"x-publishable-api-key": self._key}
        if email is not None:
            headers["authorization"] = self._login("customer", email)

        def ask(method: str, path: str, **content: object) -> Any:
            url = f"{self.url}/store{path}"
            reply = requests.request(method, url, json=content or None, headers=headers, timeout=30)
            assert reply.ok, reply.text
            return reply.json()

        (variant,) = self.sql("SELECT v.id FROM product_variant v JOIN product p ON p.id = v.product_id WHERE p.title = 'Medusa T-Shirt' ORDER BY 1 LIMIT 1")[0]  # fmt: skip
        cart = ask("POST", "/carts", region_id=self._region)["cart"]["id"]
        ask("POST", f"/carts/{cart}/line-items", variant_id=variant, quantity=1)
        option = ask("GET", f"/shipping-options?cart_id={cart}")["shipping_options"][0]["id"]
        ask("POST", f"/carts/{cart}/shipping-methods", option_id=option)
        applied = ask("POST", f"/carts/{cart}/promotions", promo_codes=[code])["cart"]
        if order:
            address = {"first_name": "A", "last_name": "B", "address_1": "x", "city": "y", "country_code": "de", "postal_code": "1"}  # fmt: skip
            ask("POST", f"/carts/{cart}", email=email, shipping_address=address)
            made = ask("POST", "/payment-collections", cart_id=cart)["payment_collection"]["id"]
            ask("POST", f"/payment-collections/{made}/payment-sessions", provider_id="pp_system_default")  # fmt: skip
            assert ask("POST", f"/carts/{cart}/complete")["type"] == "order"
        return round(applied["discount_total"] * 100)
