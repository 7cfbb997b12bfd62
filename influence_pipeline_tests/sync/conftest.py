"""The room's fixtures: the world, shared with the command line's tests."""

from influence_pipeline_tests.support.world import sandbox_process, world

__all__ = ["sandbox_process", "world"]
