"""nginx as upstream and as proxy, as the benchmark sets it up."""

import http.client
import json
import shutil
from pathlib import Path

import pytest

from bench import nginx
from bench.children import CannotMeasure

HAS_NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@pytest.mark.skipif(not HAS_NGINX, reason="nginx is missing (apt install nginx-light)")
def test_a_post_is_answered_directly_and_by_the_proxy(tmp_path: Path) -> None:
    with nginx.static_upstream(tmp_path) as upstream, nginx.proxy(tmp_path, upstream) as proxied:
        for port in (upstream, proxied):
            connection = http.client.HTTPConnection("127.0.0.1", port)
            for _ in range(2):
                connection.request("POST", "/v1/chat/completions", body=b"{}")
                completion = json.loads(connection.getresponse().read())
            connection.close()

    assert completion["usage"]["total_tokens"] == 60
    assert 550 < len(nginx.REPLY) < 750


def test_a_missing_nginx_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_args, **_kwargs: None)
    with pytest.raises(CannotMeasure, match="apt install nginx-light"):
        nginx.program()
