"""The bare proxy: it must pass requests on, or its figures mean nothing."""

import http.client
import shutil
from pathlib import Path

import pytest

from bench import nginx
from bench.floor import floor

HAS_NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@pytest.mark.skipif(not HAS_NGINX, reason="nginx is missing (apt install nginx-light)")
def test_requests_are_passed_on_over_kept_connections(tmp_path: Path) -> None:
    with nginx.static_upstream(tmp_path) as upstream, floor(tmp_path, upstream) as bare:
        connection = http.client.HTTPConnection("127.0.0.1", bare)
        for _ in range(3):
            connection.request("POST", "/v1/chat/completions", body=b"{}")
            assert connection.getresponse().read().decode() == nginx.REPLY
        connection.request("GET", "/v1/models")
        assert connection.getresponse().read().decode() == nginx.MODELS
        connection.close()
