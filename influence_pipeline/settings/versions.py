"""Versions of influence.toml: an older one is read, a newer one refused, each with the exact mend.

Where the format changes: raise CURRENT, and put a function into UPGRADES that turns the content of
the version before into that of the new one. They are called one after the other, so each knows two
versions only, and a file of any age is read. The file itself is never rewritten.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from influence_pipeline import __version__
from influence_pipeline.errors import ConfigurationError

CURRENT = 1

Content = dict[str, Any]
# By the version that a function reads. None yet: 1 is the first.
UPGRADES: dict[int, Callable[[Content], Content]] = {}


def brought_up(content: Content, place: Callable[[str], str]) -> Content:
    """Give the content as one of version CURRENT.

    `place` says where a key stands ("influence.toml: line 3: version"), for messages. Raises
    ConfigurationError with the line to write or the program to upgrade.
    """
    while (version := _version(content, place)) != CURRENT:
        upgrade = UPGRADES.get(version)
        if upgrade is None:
            raise ConfigurationError(
                f"{place('version')} = {version} is no version that this program reads. "
                + _WRITE.format("It reads")
            )
        content = {**upgrade(content), "version": version + 1}
    return content


# The version in words, with what comes before.
_WRITE = (
    "{} " + f"version {CURRENT} (influence-pipeline {__version__}): write `version = {CURRENT}`."
)


def _version(content: Content, place: Callable[[str], str]) -> int:
    if "version" not in content:
        raise ConfigurationError(
            f"{place('version')} is missing. The file says first which format it has. "
            + _WRITE.format("This program reads")
        )
    version = content["version"]
    if type(version) is not int:
        raise ConfigurationError(
            f"{place('version')} must be a whole number, without quotes. "
            + _WRITE.format("This program reads")
        )
    if version > CURRENT:
        raise ConfigurationError(
            f"{place('version')} = {version} is newer than this program, which reads up to "
            f"version {CURRENT}. The file was written for a newer influence-pipeline than "
            f"{__version__}: upgrade the package influence-pipeline here "
            "(pip install --upgrade), or take the file that belongs to this one."
        )
    return version
