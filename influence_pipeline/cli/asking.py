"""Asking a person, where there is one: never without a terminal, always with a default."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TextIO

from influence_pipeline.errors import ConfigurationError


class Asker:
    """Asks on `out` and reads from `answers`. `silent`: takes the defaults and asks nothing, as it
    does where either of them is no terminal."""

    def __init__(self, answers: TextIO, out: TextIO, *, silent: bool = False) -> None:
        self._answers = answers
        self._out = out
        self._silent = silent or not (answers.isatty() and out.isatty())

    @property
    def silent(self) -> bool:
        """Whether nobody is asked."""
        return self._silent

    def ask(
        self,
        question: str,
        default: str,
        judge: Callable[[str | None], str | None],
        *,
        only: bool = True,
    ) -> str | None:
        """Ask until an answer fits. Gives the default where nothing is answered, and where the
        question is not needed (`only`). `judge` raises ConfigurationError for what does not fit."""
        while not self._silent and only:
            answer = self._answer(f"{question} [{default or 'not known'}] ")
            try:
                return judge(answer or default or None)
            except ConfigurationError as error:
                print(error, file=self._out)
        return judge(default or None)

    def choose(self, question: str, choices: Sequence[str], default: str, before: str) -> str:
        """Ask for one of these."""
        if self._silent:
            return default
        print(before, file=self._out)

        def judge(answer: str | None) -> str | None:
            if answer not in choices:
                raise ConfigurationError(f"One of {', '.join(choices)}.")
            return answer

        return self.ask(f"{question} ({', '.join(choices)})", default, judge) or default

    def _answer(self, prompt: str) -> str:
        print(prompt, end="", file=self._out, flush=True)
        line = self._answers.readline()
        if not line:
            # The end of what can be answered: the defaults, from here on.
            self._silent = True
            print(file=self._out)
        return line.strip()
