"""An emulated provider as a process of its own, which counts what it saw in a file that outlives everybody."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class UpstreamProcess:
    base_url: str
    count_file: Path

    @property
    def seen(self) -> int:
        """Requests that arrived whole, counted before anything was answered."""
        return self.count_file.stat().st_size


@contextmanager
def upstream_process(count_file: Path, *arguments: str) -> Iterator[UpstreamProcess]:
    """`python -m tests.upstreams`, from the moment it listens to its end."""
    command = [sys.executable, "-m", "tests.upstreams", "--count-file", str(count_file), *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            yield UpstreamProcess(f"http://127.0.0.1:{port}/v1", count_file)
        finally:
            process.kill()
