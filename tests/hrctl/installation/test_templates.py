"""Templates are filled in, whole."""

import pytest

from hrctl.installation.layout import Layout, system_layout, user_layout
from hrctl.installation.templates import declaration, unit

LAYOUTS = [system_layout("/usr", "/opt/hermes-router"), user_layout("/home/you", {}, "/opt/hermes-router")]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.scope)
def test_nothing_is_left_to_fill_in(layout: Layout) -> None:
    assert "\nExecStart=/opt/hermes-router/bin/hrd\n" in unit(layout, "hrd.service")
    assert "@" not in unit(layout, "hrd.service").replace("@system-service", "").replace("@privileged @resources", "")
    assert "\nListenStream=127.0.0.1:8319\n" in unit(layout, "hrd.socket")


def test_the_account_and_its_settings_are_declared() -> None:
    assert "\nu hermes-router - " in declaration(LAYOUTS[0], "sysusers")
    lines = declaration(LAYOUTS[0], "tmpfiles").splitlines()[1:]
    assert lines == [
        "d /etc/hermes-router 0750 hermes-router hermes-router -",
        "f /etc/hermes-router/.env 0600 hermes-router hermes-router - CONTROL_GROUP=hermes-router\\n",
        "d /var/lib/hermes-router 0700 hermes-router hermes-router -",
    ]
