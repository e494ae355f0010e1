"""A folder with the three files of a configuration."""

import json
from pathlib import Path

from hrd.admin.places import Places
from hrd.configuration.live import Configuration

CATALOGUE = """
[groq]
base_url = "https://groq.test/v1"
models = ["small"]
[openai]
base_url = "https://openai.test/v1"
models = ["gpt"]
"""
K1, K2 = "gsk_test-not-a-key-1", "gsk_test-not-a-key-2"


class Folder:
    """The files, written by hand."""

    def __init__(self, path: Path, **environ: str) -> None:
        self.path = path
        self.environ = environ
        self.configuration = Configuration(Places(config=str(path), state=str(path), runtime=str(path)), environ, CATALOGUE)

    def write(self, name: str, text: str | bytes, mode: int = 0o600) -> Path:
        """Replace a file at once, as an editor does."""
        path = self.path / name
        new = self.path / f"{name}.new"
        new.write_bytes(text.encode() if isinstance(text, str) else text)
        new.chmod(mode)
        new.replace(path)
        return path

    def keys(self, *keys: str) -> None:
        self.write("auth.json", json.dumps({"providers": {"groq": keys}}))

    def ready(self) -> Configuration:
        """The configuration, with a good reading."""
        assert self.configuration.reload(), self.configuration.troubles
        return self.configuration
