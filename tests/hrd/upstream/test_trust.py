"""The system's trust store: found where truststore finds it, read once, read again when something was not trusted."""

import ssl
from pathlib import Path

import pytest
import trustme

from hrd.upstream.trust import SystemTrust, system_context


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose system trusts one authority."""
    bundle = tmp_path / "bundle.pem"
    trustme.CA(organization_name="first authority").cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "empty"))
    return bundle


def authorities(context: ssl.SSLContext) -> list[str]:
    subjects = [dict(pair for part in found["subject"] for pair in part) for found in context.get_ca_certs()]
    return [str(subject["organizationName"]) for subject in subjects]


def test_the_systems_certificates_are_trusted_and_hosts_are_checked(store: Path) -> None:
    context = system_context()
    assert authorities(context) == ["first authority"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_machine_without_these_variables_has_certificates_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    found = ssl.get_default_verify_paths()
    if not found.cafile and not found.capath:
        pytest.skip("this machine has no trust store")
    context = system_context()
    assert context.get_ca_certs() or found.capath


def test_it_is_read_once_and_again_after_a_doubt(store: Path) -> None:
    trust = SystemTrust()
    first = trust()
    trustme.CA(organization_name="second authority").cert_pem.write_to_path(str(store), append=True)
    assert trust() is first
    trust.look_again()
    assert authorities(trust()) == ["first authority", "second authority"]
