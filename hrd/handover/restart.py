"""A restart that somebody asked for, and those who wait to hear what became of it."""

from typing import Generic, TypeVar

import trio

A = TypeVar("A")


class Restart(Generic[A]):
    """Whoever asks while one is under way waits for the same answer."""

    def __init__(self) -> None:
        self._asked = trio.Event()
        self._answered = trio.Event()
        self._answer: A | None = None

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    async def ask(self) -> A:
        """What became of it."""
        self._asked.set()
        answered = self._answered
        await answered.wait()
        assert self._answer is not None, "it was answered"
        return self._answer

    async def wait_asked(self) -> None:
        await self._asked.wait()

    def answer(self, answer: A) -> None:
        """Tell everybody who waits; the next who asks begins anew."""
        self._answer = answer
        self._answered.set()
        self._asked, self._answered = trio.Event(), trio.Event()
