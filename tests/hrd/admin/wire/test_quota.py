"""The shape of `hr quota --json`, which others rely on, and of `hr reset`."""

import msgspec

from hrd.admin.wire.quota import BlockLifted, Quota, QuotaBlock, QuotaScope, QuotaWindow, ResetDone, ResetRequest
from tests.hrd.admin.wire.shapes import shape_of


def test_the_shape() -> None:
    window = QuotaWindow(kind="requests/day", limit=1000, left=998, resets_at=86_400.0, source="header", seen_at=9.0)
    block = QuotaBlock(reason="rate limited", source="guess", until=15.0)
    assert shape_of(Quota(now=10.0, scopes=(QuotaScope(scope="account:groq/org", windows=(window,), blocks=(block,)),))) == {
        "now": 10.0,
        "scopes": [
            {
                "scope": "account:groq/org",
                "windows": [
                    {
                        "kind": "requests/day",
                        "limit": 1000,
                        "left": 998,
                        "resets_at": 86_400.0,
                        "source": "header",
                        "seen_at": 9.0,
                        "standing": "known",
                        "owner": "provider",
                    }
                ],
                "blocks": [{"reason": "rate limited", "source": "guess", "until": 15.0, "next_probe": None, "message": ""}],
                "title": "",
            }
        ],
        "scopes_known": 0,
    }


def test_a_reset_names_what_it_means_and_is_told_what_it_did() -> None:
    assert msgspec.json.encode(ResetRequest(all=True)) == b'{"all":true}'
    done = ResetDone(lifted=(BlockLifted(scope="credential:groq-1a2b3c4d", reason="rejected", title="groq-1a2b3c4d"),))
    lifted = {"scope": "credential:groq-1a2b3c4d", "reason": "rejected", "title": "groq-1a2b3c4d"}
    assert shape_of(done) == {"lifted": [lifted]}
