"""Ids of the calls in a reply, by which clients tell their results apart: every call has one, and no two have the same."""


class CallIds:
    """Those of one reply. *own* is that of a call without one: unique among replies, for some clients and providers take the
    ids of a whole conversation for those of different calls."""

    def __init__(self, own: str) -> None:
        self._own = own
        self._given: set[str] = set()

    def new(self, said: str) -> str:
        """The id of the next call, which the provider calls *said*, if anything."""
        wanted = new = said or self._own
        count = len(self._given)
        while new in self._given:
            new = f"{wanted}_{count}"
            count += 1
        self._given.add(new)
        return new
