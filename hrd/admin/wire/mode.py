"""How keys are spent: `parallel` or `sequential`, for all providers or for one."""

from hrd.admin.wire.route import Answer, Ask, Nothing, Route


class ProviderMode(Answer, frozen=True, kw_only=True):
    """A provider that differs from the rest."""

    provider: str
    mode: str
    source: str = ""


class Modes(Answer, frozen=True, kw_only=True):
    """The mode, where it comes from (`.env`, `environment`, `config.toml`, `default`), and who differs."""

    mode: str
    source: str
    providers: tuple[ProviderMode, ...] = ()


class ModeChange(Ask, frozen=True, kw_only=True):
    """`parallel` (or `round-robin`), `sequential`; for one provider also `default`: like the rest again."""

    mode: str
    provider: str = ""


MODE = Route("GET", "/v1/mode", Nothing, Modes)
MODE_CHANGE = Route("POST", "/v1/mode", ModeChange, Modes)
