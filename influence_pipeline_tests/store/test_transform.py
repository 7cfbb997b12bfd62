"""A merchant's transform: what it is given, what it may give back, what its mistakes say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from influence_pipeline.errors import MappingError
from influence_pipeline.platform_api.payloads import order_body
from influence_pipeline.records import Entity
from influence_pipeline.store.frames import transformed
from influence_pipeline.store.mapping import Mapping
from influence_pipeline.store.reader import CanonicalRow, PoisonRow
from influence_pipeline.store.transform import read_transform

Write = Callable[[str], Mapping]

VALUES: dict[str, Any] = {
    "id": 7,
    "customer_id": 5,
    "email": "ada@example.com",
    "currency": "EUR",
    "total": Decimal("19.90"),
    "subtotal": 20,
    "financial_status": "paid",
    "number": None,
    "line_items": [{"title": "mug", "quantity": 2, "unit_price": Decimal("9.95")}],
    "discount_codes": ["A"],
    "created_at": "2026-11-25T03:11:51.461565+00:00",
}


def order(key: int, **changes: Any) -> CanonicalRow:
    return CanonicalRow(str(key), 1000 + key, {**VALUES, "id": key, **changes})


@pytest.fixture
def orders(tmp_path: Path) -> Write:
    """Gives the mapping of orders with this code as its transform."""

    def write(code: str, given: str = "transform.py") -> Mapping:
        (tmp_path / "transform.py").write_text(dedent(code))
        return Mapping(
            Entity.ORDER, tmp_path / "o.sql", "SELECT 1", (), read_transform(tmp_path, given)
        )

    return write


def run(mapping: Mapping, *rows: CanonicalRow) -> tuple[list[CanonicalRow], list[PoisonRow]]:
    return transformed(mapping, list(rows), [])


def values(mapping: Mapping, *rows: CanonicalRow) -> dict[str, Any]:
    """What became of a single row that is not refused."""
    (row,), refused = run(mapping, *(rows or (order(7),)))
    assert refused == []
    return row.values


# -- what goes in ----------------------------------------------------------------------------------


def test_what_it_is_given_is_as_documented(orders: Write) -> None:
    mapping = orders("""
        from datetime import datetime
        from decimal import Decimal

        def transform(df):
            assert list(df.columns) == [
                "id", "customer_id", "email", "currency", "total", "subtotal", "financial_status",
                "number", "line_items", "discount_codes", "created_at",
            ]
            assert all(dtype == object for dtype in df.dtypes)
            assert list(df.index) == [0, 1]
            assert list(df["id"]) == ["7", "8"]
            row = df.iloc[0]
            assert (row["customer_id"], row["number"]) == ("5", None)
            assert (row["total"], type(row["total"])) == (Decimal("19.90"), Decimal)
            assert (row["subtotal"], type(row["subtotal"])) == (Decimal(20), Decimal)
            assert row["line_items"] == [
                {"title": "mug", "quantity": 2, "unit_price": Decimal("9.95")}
            ]
            assert type(row["created_at"]) is datetime
            assert row["created_at"].utcoffset().total_seconds() == 0
            return df
    """)
    rows, refused = run(mapping, order(7), order(8))
    assert refused == []
    assert [row.key for row in rows] == ["7", "8"]


def test_one_that_changes_nothing_changes_no_call(orders: Write) -> None:
    """To the letter: also numbers, moments and lists come out as they went in."""
    mapping = orders("def transform(df): return df")
    given = order(7, total=Decimal("19.900"), created_at="2026-11-25T03:11:51.4+00:00")
    (row,), _ = run(mapping, given)
    assert repr(row.values) == repr(given.values)
    assert order_body(row.values) == order_body(given.values)
    assert row.hash == given.hash


def test_without_one_pandas_is_not_loaded() -> None:
    code = (
        "import sys; from influence_pipeline.sync import engine, story; "
        "sys.exit('pandas' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_moments_that_python_has_none_for_stay_text(orders: Write) -> None:
    mapping = orders("def transform(df): return df")
    for moment in ("infinity", "10000-01-01T00:00:00+00:00"):
        assert values(mapping, order(7, created_at=moment))["created_at"] == moment


# -- what comes out --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "column", "expected"),
    [
        ("df['email'] = df['email'].str.upper()", "email", "ADA@EXAMPLE.COM"),
        ("df['number'] = 'N' + df['id']", "number", "N7"),
        ("df['number'] = float('nan')", "number", None),
        ("df['number'] = pd.NA", "number", None),
        ("df['created_at'] = df['created_at'] + pd.Timedelta(hours=1)", "created_at", "2026-11-25T04:11:51.461565+00:00"),
        ("df['created_at'] = pd.to_datetime(df['created_at']).dt.tz_convert('Europe/Vienna')", "created_at", "2026-11-25T04:11:51.461565+01:00"),
        ("df['total'] = df['total'] * 2", "total", Decimal("39.80")),
        ("df['total'] = np.int64(12)", "total", 12),
        ("df['number'] = np.int64(12)", "number", 12),
        ("df['number'] = 12.0", "number", 12),
        ("df['email'] = df['email'].astype('string')", "email", "ada@example.com"),
        ("df.at[0, 'line_items'][0]['title'] = 'cup'", "line_items", [{"title": "cup", "quantity": 2, "unit_price": Decimal("9.95")}]),
        ("df['line_items'] = [[{'quantity': np.int64(1), 'title': pd.NA}]]", "line_items", [{"quantity": 1, "title": None}]),
        ("df.at[0, 'line_items'][0]['title'] = pd.NA", "line_items", [{"title": None, "quantity": 2, "unit_price": Decimal("9.95")}]),
        ("df.at[0, 'line_items'][0]['title'] = np.array(['a', 'b'])", "line_items", [{"title": ["a", "b"], "quantity": 2, "unit_price": Decimal("9.95")}]),
        ("df['discount_total'] = [Decimal('1.00')]", "discount_total", Decimal("1.00")),
        ("df['unknown'] = 1", "unknown", None),
        ("df = df.drop(columns=['number'])", "number", None),
        ("df = df[list(reversed(df.columns))].set_index('email', drop=False)", "email", "ada@example.com"),
    ],
)  # fmt: skip
def test_values_may_change_and_columns_may_come(
    orders: Write, code: str, column: str, expected: Any
) -> None:
    mapping = orders(f"""
        from decimal import Decimal
        import numpy as np
        import pandas as pd

        def transform(df):
            {code}
            return df
    """)
    found = values(mapping)
    assert (found.get(column), type(found.get(column))) == (expected, type(expected))
    assert "unknown" not in found


def test_rows_may_come_back_in_any_order(orders: Write) -> None:
    mapping = orders("def transform(df): return df.sort_values('total')")
    rows, _ = run(mapping, order(1, total=Decimal(3)), order(2, total=Decimal(1)))
    assert [(row.key, row.hash, row.values["total"]) for row in rows] == [
        ("1", 1001, Decimal(3)), ("2", 1002, Decimal(1)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("return df[df['id'] != '2']", "left 1 of 3 rows out; leave records out in the SELECT's WHERE"),
        ("return df.head(0)", "left 3 of 3 rows out"),
        ("return pd.concat([df, df.head(1)])", "gave a row twice"),
        ("df['id'] = 'x'; return df", "gave an id that it was not given"),
        ("df['id'] = df['id'].astype(int); return df", "gave an id that it was not given"),
        ("df['total'] = df['total'].astype(float); return df", "gave a float in the column total; an amount must be exact: make it decimal.Decimal"),
        ("df['total'] = 1.5; return df", "gave a float in the column total"),
        ("df.at[0, 'line_items'][0]['unit_price'] = 1.5; return df", "gave a float in the column line_items"),
        ("df['created_at'] = pd.to_datetime(df['created_at']).dt.tz_localize(None); return df", "gave a moment without a time zone in the column created_at"),
        ("df['number'] = 1", "gave NoneType and no DataFrame; end it with `return df`"),
        ("return df['total']", "gave Series and no DataFrame"),
        ("return df.drop(columns=['total'])", "took the column total away"),
        ("return df.drop(columns=['id'])", "took the column id away"),
        ("return pd.concat([df, df[['email']]], axis=1)", "gave a column twice"),
        ("df['number'] = [{1}, {1}, {1}]; return df", "gave a value of type set in the column number"),
    ],
)  # fmt: skip
def test_what_is_no_answer_stops_the_entity_and_says_the_mend(
    orders: Write, tmp_path: Path, code: str, words: str
) -> None:
    mapping = orders(f"""
        import pandas as pd

        def transform(df):
            {code}
    """)
    with pytest.raises(MappingError) as stopped:
        run(mapping, order(1), order(2), order(3))
    assert str(stopped.value).startswith(f"{tmp_path / 'transform.py'}, transform: it {words}")
    assert "Nothing of orders is sent until it is mended." in str(stopped.value)


# -- rows that it cannot take ----------------------------------------------------------------------

STUMBLES = """
    calls = []

    def transform(df):
        calls.append(len(df))
        for lines in df["line_items"]:
            lines[0]["title"] += "!"
        df["number"] = [1 / n for n in df["subtotal"]]
        df["number"] = "n"
        return df
"""


def test_a_row_that_it_stumbles_on_is_set_aside_alone(orders: Write, tmp_path: Path) -> None:
    mapping = orders(STUMBLES)
    given = [order(key, subtotal=0 if key in (13, 77) else 2) for key in range(100)]
    rows, refused = transformed(mapping, given, [PoisonRow("x", "before")])
    assert [row.key for row in rows] == [str(key) for key in range(100) if key not in (13, 77)]
    assert refused[0] == PoisonRow("x", "before")
    assert {(found.key, found.code) for found in refused[1:]} == {
        ("13", "transform"), ("77", "transform"),
    }  # fmt: skip
    assert refused[1].reason == (
        "the transform cannot take it: DivisionByZero in transform.py, line 8 (transform)"
    )
    # What a try changed before it failed is not in the next one, and not in what was given.
    assert {row.values["line_items"][0]["title"] for row in rows} == {"mug!"}
    assert given[0].values["line_items"][0]["title"] == "mug"


def test_a_batch_is_halved_and_not_tried_row_by_row(orders: Write) -> None:
    mapping = orders(STUMBLES)
    assert mapping.transform is not None
    calls = mapping.transform.load().__globals__["calls"]  # type: ignore[attr-defined]
    transformed(mapping, [order(key, subtotal=key and 1) for key in range(1024)], [])
    assert len(calls) == 21


def test_no_value_of_a_record_is_in_a_reason(orders: Write) -> None:
    mapping = orders("""
        def transform(df):
            raise ValueError(f"canary {df['email'][0]}")
    """)
    _, (refused,) = run(mapping, order(7))
    assert "canary" not in refused.reason
    assert "ada" not in refused.reason
    assert "ValueError in transform.py, line 3" in refused.reason


def test_one_that_ends_the_program_ends_no_program(orders: Write) -> None:
    mapping = orders("import sys\ndef transform(df): sys.exit(1)")
    assert run(mapping, order(7))[1][0].code == "transform"


# -- where it is, and what it is -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "given", "words"),
    [
        (None, "no.py", "There is no {folder}/no.py; influence.toml names it as a transform."),
        ("def transform(df:", "transform.py", "{file}, line 1: it is not valid Python (SyntaxError)."),
        ("import nothing_of_this_name", "transform.py", "{file}, line 1: it cannot be loaded: ModuleNotFoundError (nothing_of_this_name)."),
        ("\n\nraise ValueError('canary')", "transform.py", "{file}, line 3: it cannot be loaded: ValueError."),
        ("x = 1", "transform.py", "{file} has no function transform; influence.toml names it."),
        ("def transform(df): pass", "transform.py:other", "{file} has no function other;"),
        ("transform = 1", "transform.py", "{file} has no function transform;"),
    ],
)  # fmt: skip
def test_one_that_cannot_be_had_is_named_with_file_and_line(
    orders: Write, tmp_path: Path, code: str | None, given: str, words: str
) -> None:
    with pytest.raises(MappingError) as stopped:
        run(orders(code or "", given), order(7))
    expected = words.format(folder=tmp_path, file=tmp_path / "transform.py")
    assert str(stopped.value).startswith(expected)
    assert "canary" not in str(stopped.value)


def test_another_function_of_the_file_may_be_named(orders: Write) -> None:
    code = """
        def transform(df): raise RuntimeError

        def of_orders(df):
            df["number"] = "named"
            return df
    """
    assert values(orders(code, "transform.py:of_orders"))["number"] == "named"


def test_modules_beside_it_can_be_imported_also_later(
    orders: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "shop_words_for_a_test.py").write_text("WORD = 'beside'")
    mapping = orders("""
        from __future__ import annotations
        from dataclasses import dataclass

        @dataclass
        class Word:
            text: str

        def transform(df):
            from shop_words_for_a_test import WORD
            df["number"] = Word(WORD).text
            return df
    """)
    assert values(mapping)["number"] == "beside"


def test_a_module_of_another_stores_is_not_taken_for_the_one_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process may work for several stores, and Python has one module of a name."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    code = "def transform(df):\n    from {} import WORD\n    df['number'] = WORD\n    return df\n"
    found = {}
    for store, module in (("berlin", "words_of_both"), ("paris", "words_of_both"), ("rome", "own")):
        folder = tmp_path / store
        folder.mkdir()
        (folder / f"{module}.py").write_text(f"WORD = '{store}'")
        (folder / "transform.py").write_text(code.format(module))
        transform = read_transform(folder, "transform.py")
        found[store] = Mapping(Entity.ORDER, folder / "o.sql", "SELECT 1", (), transform)
    assert values(found["berlin"])["number"] == "berlin"
    with pytest.raises(MappingError) as caught:
        values(found["paris"])
    assert str(caught.value) == (
        f"{tmp_path / 'paris' / 'transform.py'} imports words_of_both, and in this process that is "
        f"{tmp_path / 'berlin' / 'words_of_both.py'}, another store's. Give the module beside it a "
        "name that no other store has."
    )
    assert values(found["rome"])["number"] == "rome"


def test_the_file_is_run_once(orders: Write) -> None:
    mapping = orders("""
        times = []
        times.append(1)

        def transform(df):
            df["number"] = str(len(times))
            times.append(1)
            return df
    """)
    assert [values(mapping)["number"], values(mapping)["number"]] == ["1", "2"]


def test_comments_and_layout_are_no_code(orders: Write) -> None:
    def digest(code: str, given: str = "transform.py") -> str:
        transform = orders(code, given).transform
        assert transform is not None
        return transform.digest

    one = digest("def transform(df):\n    return df\n")
    for same in (
        "# why\ndef transform(df):\n    return df  # so\n",
        "def transform( df ):\n\n    return (df)",
        '"""Docs."""\ndef transform(df):\n    """More."""\n    return df\n',
    ):
        assert digest(same) == one
    for other in (
        "def transform(df):\n    return df.copy()\n",
        "def transform(df):\n    return df\nX = 1\n",
        "def transform(df, x=''):\n    return df\n",
    ):
        assert digest(other) != one
    assert digest("def transform(df):\n    return df\n", "transform.py:transform") == one


def test_the_same_code_has_the_same_digest_in_every_python(orders: Write) -> None:
    """Or an upgrade of Python would have every record sent again. The number is of 3.11."""
    transform = orders("""
        import re
        from decimal import Decimal as D

        LIMIT = 10_000

        class Lines(list):
            pass

        async def later(): ...

        def transform(df, *, sign="+", **more):
            \"\"\"Docs.\"\"\"
            for number, (key, value) in enumerate(df.items()):
                if (n := len(value)) > 0 and not key: df[key] = [f"{x!r:>{n}}" for x in value]
            try:
                match number:
                    case 1 | 2: pass
                    case _: number = lambda x: x if x else -x
            except (KeyError, ValueError) as error:
                raise RuntimeError(b"x", 1.5, None, ...) from error
            return df
    """).transform
    assert transform is not None
    assert transform.digest == "c88871feb922080a"


def test_it_is_made_ready_with_its_moment_of_creation(orders: Write) -> None:
    mapping = orders("""
        from datetime import timedelta

        def transform(df):
            df["created_at"] = df["created_at"] + timedelta(days=400)
            return df
    """)
    (row,), _ = run(mapping, order(7))
    assert row.values["created_at"].startswith("2027-12-30")
    assert row.created_at == VALUES["created_at"]
    assert datetime.fromisoformat(str(row.created_at)) < datetime(2027, 1, 1, tzinfo=UTC)
