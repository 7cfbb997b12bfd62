"""What assets and sensors get from Dagster: a way to the engine, opened once in a run.

Settings are read here when a run begins, never when the code location loads; an error of the engine
becomes Dagster's word for it here and nowhere else. What the engine does is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import dagster as dg
from pydantic import Field, PrivateAttr

from influence_pipeline.errors import (
    ApiKeyRejected,
    ConfigurationError,
    InfluencePipelineError,
    MassChange,
)
from influence_pipeline.platform_api.single import SingleCalls
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Config, Settings, load_settings, said
from influence_pipeline.state.database import open_state
from influence_pipeline.sync.engine import Engine
from influence_pipeline.webhooks.context import HandlerContext, handler_context


class EngineResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # its value is itself
    """Opens the engine with the environment and influence.toml as they are when a run begins.

    Within a run the steps share it: its connections, and what has been worked out of its
    statements, cost more than a look that finds nothing. A step that fails leaves the next one a
    new engine.
    """

    store: str | None = Field(
        default=None,
        description="Which store of the list that INFLUENCE_STORES names. Empty: the only one.",
    )
    config: str | None = Field(
        default=None,
        description="Path of influence.toml. Empty: what INFLUENCE_CONFIG names.",
    )

    _in_a_run: bool = PrivateAttr(default=False)
    _kept: Engine | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        self._in_a_run = True

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        self._in_a_run = False
        self._drop()

    def _drop(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def settings(self) -> Settings:
        """Read the settings. Raises ConfigurationError."""
        return load_settings(self.store, **({"config": self.config} if self.config else {}))

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """Open the engine. What it raises inside becomes a `dg.Failure` with the same one line."""
        with in_one_line(self.store):
            if self._kept is None:
                self._kept = Engine(self.settings())
            try:
                yield self._kept
            except BaseException:
                self._drop()
                raise
            if not self._in_a_run:
                self._drop()

    @contextmanager
    def inbox(self) -> Iterator[tuple[Postgres, HandlerContext]]:
        """Open the state and what stored events are worked off with; errors as with `engine`."""
        with in_one_line(self.store):
            settings = self.settings()
            context = handler_context(settings)
            with closing(context):
                state = open_state(
                    settings.secret("state_url"),
                    schema=settings.config.state_schema,
                    # Every worker holds a connection, and the round that waits for them another.
                    pool_size=context.webhooks.workers + 1,
                )
                with closing(state):
                    yield state, context

    @contextmanager
    def members(self) -> Iterator[tuple[Postgres, SingleCalls, Config]]:
        """Open the state and the API for a reconcile of members; errors as with `engine`."""
        with in_one_line(self.store):
            settings = self.settings()
            settings.require("state_url", "api_key")
            api = SingleCalls(settings.environment.api_url, settings.secret("api_key"))
            schema = settings.config.state_schema
            with (
                closing(api),
                closing(open_state(settings.secret("state_url"), schema=schema)) as s,
            ):
                yield s, api, settings.config


def resource_for(settings: Settings) -> EngineResource:
    """Make a resource of settings that were read before; for the command line and tests."""

    class GivenSettings(EngineResource):
        def settings(self) -> Settings:
            return settings

    return GivenSettings()


# A second try would find the same.
_FOR_A_PERSON = (ConfigurationError, ApiKeyRejected, MassChange)


@contextmanager
def in_one_line(store: str | None = None) -> Iterator[None]:
    """Turn an error of the engine into a failure whose description is that error's own line.

    Of one of several stores the line names that store's variables and commands.
    What a person must mend is not tried again; what may pass is, by the step's retry policy.
    """
    try:
        yield
    except InfluencePipelineError as error:
        raise dg.Failure(
            description=said(str(error), store),
            metadata={"kind of error": type(error).__name__},
            allow_retries=not isinstance(error, _FOR_A_PERSON),
        ) from None
