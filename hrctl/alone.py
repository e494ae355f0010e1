"""hrd asked while it does not run: what it says of this machine without being started."""

import subprocess
import sys
from typing import Final

import msgspec

from hrctl.problems import Trouble
from hrd.admin.wire.doctor import Diagnosis

ALONE_S: Final = 60.0


def ask_alone() -> Diagnosis:
    """As a daemon would find everything if it were started now."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "hrd", "--doctor"],
            capture_output=True,
            check=False,
            timeout=ALONE_S,
        )
        return msgspec.json.decode(done.stdout, type=Diagnosis)
    except (OSError, subprocess.TimeoutExpired, msgspec.MsgspecError) as error:
        raise Trouble(f"hrd itself cannot be asked: {error}", "install it anew") from None
