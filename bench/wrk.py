"""wrk: the load of whole replies."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass

from bench.children import BENCH, CannotMeasure
from bench.router import CLIENT_KEY


@dataclass(frozen=True)
class Load:
    requests: int
    seconds: float
    p50_us: int
    p99_us: int
    broken: int
    """Connections and requests that failed."""
    refused: int
    """Answers with a status of 400 or more."""

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def load(port: int, connections: int, seconds: int) -> Load:
    """Ask for chat completions over so many connections for so long. Anything but 200s is no measurement."""
    program = shutil.which("wrk")
    if program is None:
        raise CannotMeasure("wrk is missing: apt install wrk")
    command = [program, "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(BENCH / "wrk_chat.lua")]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/v1/chat/completions"],
        env={**os.environ, "BENCH_CLIENT_KEY": CLIENT_KEY}, capture_output=True, text=True, timeout=seconds + 30,
    )  # fmt: skip
    measured = parsed(done.stdout)
    if measured.broken or measured.refused or not measured.requests:
        raise CannotMeasure(f"wrk against port {port}: {measured}")
    return measured


def parsed(output: str) -> Load:
    """What wrk_chat.lua reported."""
    for line in output.splitlines():
        if line.startswith("BENCH "):
            return Load(**json.loads(line.removeprefix("BENCH ")))
    raise CannotMeasure(f"wrk reported nothing:\n{output[-1000:]}")
