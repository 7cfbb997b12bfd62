"""How a first import is cut into partitions: by the month of creation, or into ranges of keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import dagster as dg

from influence_pipeline.records import Entity
from influence_pipeline.settings import Config, Schedule
from influence_pipeline.store.reader import KeyRange, Window
from influence_pipeline.sync.engine import Engine


class Parts(Protocol):
    """The parts of an import. `words`: how they are cut, for descriptions."""

    @property
    def definition(self) -> dg.PartitionsDefinition[str]: ...
    @property
    def words(self) -> str: ...
    def windows(self, engine: Engine, entity: Entity, keys: Sequence[str]) -> list[Window | None]:
        """Give what belongs to each of these partitions; None: nothing does."""


@dataclass(frozen=True)
class Months:
    """From a month ("2019-01") to the running one, in UTC."""

    first: str

    @property
    def definition(self) -> dg.MonthlyPartitionsDefinition:
        return dg.MonthlyPartitionsDefinition(start_date=f"{self.first}-01", end_offset=1)

    @property
    def words(self) -> str:
        return (
            "A partition is the month of creation; the first one also takes what is older or has "
            "no date."
        )

    def windows(self, engine: Engine, entity: Entity, keys: Sequence[str]) -> list[Window | None]:
        return [self.window(key) for key in keys]

    def window(self, key: str) -> Window:
        """Give what belongs to a month; to the first one also what is older or undated."""
        months = self.definition
        span = months.time_window_for_partition_key(key)
        first = span.start <= months.start
        return Window(None if first else span.start, span.end, and_undated=first)


@dataclass(frozen=True)
class KeyParts:
    """So many ranges of keys, cut at the first run."""

    many: int

    @property
    def definition(self) -> dg.StaticPartitionsDefinition:
        digits = len(str(self.many))
        names = [f"{part:0{digits}}-of-{self.many}" for part in range(1, self.many + 1)]
        return dg.StaticPartitionsDefinition(names)

    @property
    def words(self) -> str:
        return f"A partition is one of {self.many} ranges of keys, of about the same size."

    def windows(self, engine: Engine, entity: Entity, keys: Sequence[str]) -> list[Window | None]:
        # A small store has fewer.
        ranges: list[Window | None] = [*engine.import_windows(entity)]
        ranges += [None] * (self.many - len(ranges))
        return [ranges[int(key.partition("-")[0]) - 1] for key in keys]


def span_of(windows: Sequence[Window]) -> Window:
    """Give one window for several that follow each other."""
    first, last = windows[0], windows[-1]
    return Window(
        first.since,
        last.before,
        and_undated=first.and_undated,
        keys=KeyRange(first.keys.since, last.keys.before),
    )


def parts_of(config: Config | None, times: Schedule) -> Mapping[Entity, Parts]:
    """Give how the import of each entity is cut; orders have none, unless a setting lets them in.
    `config` None: it cannot be read, and a run says why."""
    chosen = [Entity.CUSTOMER, Entity.PRODUCT]
    if config is not None and config.orders.import_before_go_live is not None:
        chosen.append(Entity.ORDER)
    cut: dict[Entity, Parts] = {}
    for entity in chosen:
        mapping = None if config is None else config.mapping(entity)
        if mapping is not None and mapping.import_by == "key":
            cut[entity] = KeyParts(mapping.import_parts)
        else:
            cut[entity] = Months(times.import_from)
    return cut
