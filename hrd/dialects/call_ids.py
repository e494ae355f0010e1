"""Ids of the calls in a reply, by which clients tell their results apart: every call has one, and no two have the same."""


class CallIds:
    """Those of one reply."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def new(self, said: str, key: int) -> str:
        """The id of the call *key*, which the provider calls *said*, if anything."""
        wanted = new = said or f"call_{key}"
        count = len(self._given)
        while new in self._given:
            new = f"{wanted}_{count}"
            count += 1
        self._given.add(new)
        return new
