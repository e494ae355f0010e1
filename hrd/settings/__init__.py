"""The settings: typed, with where each came from, or every problem at once.

Pure: `read_settings` is given the process environment and the texts of `.env` and `config.toml`. The daemon reads the
files, watches them, and keeps the last good settings when new ones come back as `Problems`.
"""

from hrd.settings.model import EnvironmentKey, Forced, ProviderSettings, Settings
from hrd.settings.problems import Problem, Problems, Source
from hrd.settings.read import read_settings

__all__ = [
    "EnvironmentKey",
    "Forced",
    "Problem",
    "Problems",
    "ProviderSettings",
    "Settings",
    "Source",
    "read_settings",
]
