"""`NAME=value`, a line each: lines of other names are kept as they are."""

import re
from collections.abc import Sequence

from hrctl.clients.grafting import Unsuitable
from hrctl.clients.shapes import Setting


def changed(text: str, settings: Sequence[Setting]) -> str:
    """*text* with *settings* in it; itself, when it has them. Raises `Unsuitable`."""
    if "\0" in text:
        raise Unsuitable("is not a file of variables")
    lines = text.splitlines()
    for setting in settings:
        name, line = setting.way[0], f"{setting.way[0]}={setting.value}"
        named = re.compile(rf"\s*(export\s+)?{re.escape(str(name))}\s*=")
        places = [place for place, one in enumerate(lines) if named.match(one)]
        if places:
            lines[places[-1]] = line  # of several the last one counts
        else:
            lines.append(line)
    return text if lines == text.splitlines() else "".join(f"{line}\n" for line in lines)
