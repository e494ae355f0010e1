"""The daemon's command line: `hrd`."""

import gc
import os
import sys
from typing import Final

import click

from hrd import __version__
from hrd.printing import open_closed_streams, printing

EXIT_INTERRUPTED: Final = 130
"""128 and the number of SIGINT, as shells count."""


class Told(click.Command):
    """Its help and version are printed while it reads its arguments. A daemon that is to serve needs nobody to tell."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if set(args) <= {"--demo"}:
            return super().parse_args(ctx, args)
        with printing("hrd"):
            return super().parse_args(ctx, args)


@click.command(cls=Told, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--check-config", is_flag=True, help="Say what is wrong with the settings, or that nothing is; then exit.")
@click.option("--demo", is_flag=True, help="Run on three built-in demo providers while no credential is there.")
@click.option("--doctor", is_flag=True, help="Look for what would keep it from working, print that as JSON; then exit.")
@click.version_option(__version__, "-V", "--version", message="hrd %(version)s")
def main(*, check_config: bool, demo: bool, doctor: bool) -> None:
    """The hermes-router daemon: one OpenAI-compatible endpoint over all the keys you have.

    It is controlled with `hr`, and configured in .env and config.toml; `hrd --check-config` says where they are.

    Exit codes: 0 done or stopped, 1 could not start, 2 the settings are wrong or hrd was used wrongly, 130 interrupted while
    it started.
    """
    try:
        if check_config or doctor:
            with printing("hrd"):
                sys.exit(_run(check_config=check_config, demo=demo, doctor=doctor))
        open_closed_streams()
        sys.exit(_run(check_config=False, demo=demo, doctor=False))
    except KeyboardInterrupt:  # click would call it a failure
        sys.exit(EXIT_INTERRUPTED)


def _run(*, check_config: bool, demo: bool, doctor: bool) -> int:
    if doctor:
        from hrd.checkup import check_up  # noqa: PLC0415 - as below

        return check_up(os.environ)
    from hrd.handover.spawn import step_aside  # noqa: PLC0415 - --version and --help do without all the rest

    channel = step_aside(os.environ)
    gc.disable()  # what is imported stays: `start` collects once, and lets the collector work when all is built
    from hrd.start import start  # noqa: PLC0415 - as above; and nothing of it may run before the process has its parent

    return start(os.environ, channel, check_only=check_config, demo_wanted=demo)


if __name__ == "__main__":
    main(prog_name="hrd")
