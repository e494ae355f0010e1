"""The brake on retry loops: when it is put on, for whom, and when it is off again."""

from hrd.core.brake import Brake, BrakeRules
from hrd.core.refusals import Refusal, RefusalKind

RULES = BrakeRules(refusals=5, within_s=60.0, hold_s=10.0, bodies_max=3)
FULL = Refusal(kind=RefusalKind.RATE_LIMITED, message="everybody is busy", retry_after_s=30.0)
BODY = (b"/chat/completions", b'{"model": "m"}')


def braked(*, at: float = 0.0, every_s: float = 1.0, refusals: int = 5, refusal: Refusal = FULL) -> Brake:
    brake = Brake()
    for number in range(refusals):
        brake.refused("c", BODY, refusal, RULES, at + number * every_s)
    return brake


def test_the_fifth_refusal_within_a_minute_holds_for_ten_seconds() -> None:
    brake = braked(refusals=4)
    assert brake.held("c", BODY, 3.5) is None
    brake.refused("c", BODY, FULL, RULES, 4.0)
    held = brake.held("c", BODY, 4.5)
    assert held is not None
    assert (held.message, held.retry_after_s) == ("everybody is busy", 29.5)
    assert brake.held("c", BODY, 13.9) is not None
    assert brake.held("c", BODY, 14.0) is None


def test_after_it_the_next_refusal_holds_again_and_the_next_answer_ends_it() -> None:
    brake = braked()
    brake.refused("c", BODY, FULL, RULES, 15.0)
    assert brake.held("c", BODY, 16.0) is not None
    brake.served("c", BODY)
    assert brake.held("c", BODY, 16.0) is None
    brake.refused("c", BODY, FULL, RULES, 17.0)
    assert brake.held("c", BODY, 17.5) is None, "counted from the start"


def test_refusals_that_are_further_apart_do_not_count_together() -> None:
    assert braked(every_s=15.0).held("c", BODY, 60.1) is None
    assert braked(every_s=14.9).held("c", BODY, 60.1) is not None


def test_who_comes_back_when_it_was_told_to_is_asked_for_and_who_comes_before_is_not() -> None:
    brake = braked(refusal=Refusal(kind=RefusalKind.RATE_LIMITED, message="soon", retry_after_s=2.0))
    held = brake.held("c", BODY, 5.0)
    assert held is not None
    assert held.retry_after_s == 1.0
    assert brake.held("c", BODY, 6.0) is None, "refused at 4, told to come in 2"


def test_a_refusal_that_time_does_not_help_promises_no_moment() -> None:
    held = braked(refusal=Refusal(kind=RefusalKind.FORBIDDEN, message="no")).held("c", BODY, 5.0)
    assert held is not None
    assert held.retry_after_s is None


def test_another_body_another_path_and_another_client_go_on() -> None:
    brake = braked()
    for client, parts in [
        ("c", (BODY[0], b"{}")),
        ("c", (b"/embeddings", BODY[1])),
        ("another", BODY),
        ("c", (BODY[0] + BODY[1], b"")),
    ]:
        assert brake.held(client, parts, 5.0) is None


def test_the_oldest_bodies_are_forgotten() -> None:
    brake = braked()
    for number in range(RULES.bodies_max):
        brake.refused(f"other-{number}", BODY, FULL, RULES, 5.0)
    assert brake.held("c", BODY, 5.0) is None
    brake.served("c", BODY)


def test_a_body_that_is_refused_again_is_not_among_the_oldest() -> None:
    brake = braked()
    for number in range(RULES.bodies_max - 1):
        brake.refused(f"other-{number}", BODY, FULL, RULES, 5.0)
    brake.refused("c", BODY, FULL, RULES, 6.0)
    brake.refused("one more", BODY, FULL, RULES, 6.0)
    assert brake.held("c", BODY, 7.0) is not None


def test_what_was_tried_for_an_earlier_request_is_not_told_of_this_one() -> None:
    held = braked().held("c", BODY, 5.0)
    assert held is not None
    assert held.attempts == ()


def test_bodies_are_not_kept() -> None:
    brake = Brake()
    brake.refused("c", (b"a secret prompt",), FULL, RULES, 0.0)
    assert "secret prompt" not in repr(vars(brake))


def test_once_somebody_has_changed_what_refusals_came_of_all_are_asked_for_anew() -> None:
    brake = braked()
    assert brake.held("c", BODY, 5.0) is not None
    brake.release()
    assert brake.held("c", BODY, 5.0) is None
    brake.refused("c", BODY, FULL, RULES, 6.0)
    assert brake.held("c", BODY, 6.5) is None, "counted from the start"
