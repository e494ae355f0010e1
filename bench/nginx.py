"""nginx twice: as the upstream with a constant reply, and as the proxy that the router is compared with."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.children import CannotMeasure, running, wait_ready
from tests.upstreams import free_port

REPLY = (
    '{"id":"chatcmpl-bench0000000000000000000000","object":"chat.completion","created":1790000000,'
    '"model":"bench-model","choices":[{"index":0,"message":{"role":"assistant","content":"The capital of France is '
    "Paris. About two million people live in the city itself, and more than eleven million in the region around it."
    '","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":31,"completion_tokens":29,'
    '"total_tokens":60,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}},'
    '"service_tier":"default","system_fingerprint":"fp_bench"}'
)
MODELS = '{"object":"list","data":[{"id":"bench-model","object":"model","created":1790000000,"owned_by":"bench"}]}'

_FRAME = """daemon off;
master_process off;
pid {dir}/nginx.pid;
error_log {dir}/error.log warn;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_timeout 3600s;
    keepalive_requests 100000000;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    default_type application/json;
{http}
}}
"""
_STATIC = """    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location = /v1/models {{ return 200 '{models}'; }}
        location / {{ return 200 '{reply}'; }}
    }}"""
_PROXY = """    upstream static {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 100000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://static;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}"""


def program() -> str:
    """Where nginx is."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        raise CannotMeasure("nginx is missing: apt install nginx-light")
    return found


@contextmanager
def static_upstream(home: Path) -> Iterator[int]:
    """The upstream's port; POSTs are answered with REPLY."""
    port = free_port()
    with _nginx(home / "static", _STATIC.format(port=port, reply=REPLY, models=MODELS), port):
        yield port


@contextmanager
def proxy(home: Path, upstream: int) -> Iterator[int]:
    """The port of an nginx that proxies to *upstream* over kept connections."""
    port = free_port()
    with _nginx(home / "proxy", _PROXY.format(port=port, upstream=upstream), port):
        yield port


@contextmanager
def _nginx(folder: Path, http: str, port: int) -> Iterator[None]:
    folder.mkdir()
    config, log = folder / "nginx.conf", folder / "error.log"
    config.write_text(_FRAME.format(dir=folder, http=http))
    with running([program(), "-p", folder, "-c", config, "-e", log], log=log) as child:
        wait_ready(port, "/v1/models", child, log)
        yield
