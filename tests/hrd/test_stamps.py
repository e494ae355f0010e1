"""The id and the date that replies carry."""

from hrd.stamps import Stamps

EPOCH = 1_795_219_200.0
"""2026-11-21, midnight UTC: a Saturday."""


def test_no_request_has_the_id_of_another_in_this_process_or_in_two() -> None:
    one, other = Stamps(lambda: EPOCH), Stamps(lambda: EPOCH)
    ids = [stamps.next_request_id() for stamps in (one, one, other, other) for _ in range(20)]
    assert len(set(ids)) == len(ids)
    assert all(made.startswith("req-") and len(made) <= 20 for made in ids)


def test_the_date_is_that_of_the_second() -> None:
    now = [EPOCH]
    stamps = Stamps(lambda: now[0])
    assert stamps.date() == (b"date", b"Sat, 21 Nov 2026 00:00:00 GMT")
    now[0] += 0.9
    assert stamps.date() == (b"date", b"Sat, 21 Nov 2026 00:00:00 GMT")
    now[0] += 0.2
    assert stamps.date() == (b"date", b"Sat, 21 Nov 2026 00:00:01 GMT")
    now[0] -= 60.0
    assert stamps.date()[1].endswith(b"Nov 2026 23:59:01 GMT"), "clocks are set back, too"
