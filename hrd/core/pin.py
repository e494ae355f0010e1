"""The pin: the one pair (provider, model) that answers embeddings for the router's own name; vectors of two models do not mix.

It is chosen by the first answer. Until there is one, everybody who asks is sent to the pair that somebody is trying, so that
two requests at the same time cannot be answered by two models.
"""

Pair = tuple[str, str]


class Pin:
    """Not pinned, tried by some reservations, or pinned."""

    def __init__(self, pair: Pair | None, at: float = 0.0) -> None:
        self.pair = pair
        self.at = at
        """When that was decided."""
        self._tried: Pair | None = None
        self._trials: set[int] = set()

    @property
    def tried(self) -> Pair | None:
        """The pair that is being tried, while there is no pin."""
        return self._tried if self.pair is None and self._trials else None

    def begin(self, pair: Pair, reservation: int) -> None:
        if self.pair is None:
            self._tried = pair
            self._trials.add(reservation)

    def end(self, reservation: int) -> None:
        """A trial came to nothing, or to its end."""
        self._trials.discard(reservation)

    def set(self, pair: Pair | None, now: float) -> None:
        self.pair = pair
        self.at = now
        self._tried = None
        self._trials.clear()
