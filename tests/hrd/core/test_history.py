"""Histories repaired: every call answered once, right behind it, nothing empty, nothing lost."""

from hypothesis import given
from hypothesis import strategies as st

from hrd.core.conversation import CallKind, Image, Role, Text, Thinking, ToolCall, ToolResult, Turn
from hrd.core.history import MISSING, NOTE_MISSING, NOTE_MOVED, NOTE_ORPHAN, NOTE_TWICE, ORPHAN, repair, system_apart


def user(text: str) -> Turn:
    return Turn(Role.USER, (Text(text),))


def calls(*ids: str, text: str = "") -> Turn:
    said = (Text(text),) if text else ()
    return Turn(Role.ASSISTANT, (*said, *[ToolCall(id=each, name=f"f-{each}", arguments="{}") for each in ids]))


def results(*ids: str) -> Turn:
    return Turn(Role.TOOL, tuple(ToolResult(call_id=each, content=(Text(f"r-{each}"),)) for each in ids))


def made_up(call_id: str) -> ToolResult:
    return ToolResult(call_id=call_id, content=(Text(MISSING),), is_error=True, name=f"f-{call_id}")


def test_what_is_in_order_stays_as_it_is() -> None:
    turns = (user("hi"), calls("a", "b"), results("a", "b"), user("thanks"))
    assert repair(turns) == (turns, ())


def test_results_of_one_turn_come_together_in_the_order_of_the_calls() -> None:
    assert repair((calls("a", "b"), results("b"), results("a"))) == ((calls("a", "b"), results("a", "b")), ())


def test_a_call_without_a_result_gets_one_that_says_so() -> None:
    answered = Turn(Role.TOOL, (*results("a").parts, made_up("b")))
    assert repair((calls("a", "b"), results("a"), user("go on"))) == (
        (calls("a", "b"), answered, user("go on")),
        (NOTE_MISSING,),
    )
    assert repair((calls("a"),)) == ((calls("a"), Turn(Role.TOOL, (made_up("a"),))), (NOTE_MISSING,))


def test_a_made_up_result_is_of_the_calls_kind() -> None:
    custom = Turn(Role.ASSISTANT, (ToolCall(id="c", name="patch", arguments="*** x", kind=CallKind.CUSTOM),))
    (_, answer), _ = repair((custom,))
    assert isinstance(answer.parts[0], ToolResult)
    assert answer.parts[0].kind is CallKind.CUSTOM


def test_a_result_without_a_call_becomes_text_in_its_place() -> None:
    picture = Image(url="https://example.org/cat.png")
    orphan = Turn(Role.TOOL, (ToolResult(call_id="gone", content=(Text("42"), picture)),))
    assert repair((orphan, user("hi"))) == (
        (Turn(Role.USER, (Text(ORPHAN), Text("42"), picture)), user("hi")),
        (NOTE_ORPHAN,),
    )
    assert repair((results("a"), calls("a")))[1] == (NOTE_ORPHAN, NOTE_MISSING), "a result does not answer what comes after it"


def test_messages_between_a_call_and_its_result_come_after_it() -> None:
    assert repair((calls("a"), user("wait"), results("a"))) == ((calls("a"), results("a"), user("wait")), (NOTE_MOVED,))
    late = (calls("a"), calls("b"), results("b"), results("a"))
    assert repair(late) == ((calls("a"), results("a"), calls("b"), results("b")), (NOTE_MOVED,))


def test_a_second_result_is_left_out_and_an_id_may_be_used_again() -> None:
    assert repair((calls("a"), results("a"), results("a"))) == ((calls("a"), results("a")), (NOTE_TWICE,))
    again = (calls("a"), results("a"), calls("a"), results("a"))
    assert repair(again) == (again, ())


def test_what_is_empty_goes() -> None:
    thinking = Turn(Role.ASSISTANT, (Thinking(text="", signature="s"),))
    turns = (user(""), Turn(Role.ASSISTANT, (Text(" \n"), Text("hi"))), thinking, Turn(Role.USER, ()))
    assert repair(turns) == ((Turn(Role.ASSISTANT, (Text("hi"),)), thinking), ())


def test_system_texts_apart() -> None:
    turns = (Turn(Role.SYSTEM, (Text("a"),)), user("hi"), Turn(Role.DEVELOPER, (Text("b"), Text("c"))))
    assert system_apart(turns) == ((Text("a"), Text("b"), Text("c")), (user("hi"),))


def test_what_the_system_shows_is_shown_by_the_user_in_its_place() -> None:
    picture = Image(media_type="image/png", data="QQ==")
    turns = (user("hi"), Turn(Role.DEVELOPER, (Text("a"), picture)), user("ho"))
    assert system_apart(turns) == ((Text("a"),), (user("hi"), Turn(Role.USER, (picture,)), user("ho")))


def test_a_result_without_its_call_says_nothing_empty() -> None:
    result = ToolResult(call_id="gone", content=(Text(" "), Text("42")))
    assert repair((Turn(Role.TOOL, (result,)),))[0] == (Turn(Role.USER, (Text(ORPHAN), Text("42"))),)


IDS = st.sampled_from("abc")
TURNS = st.lists(
    st.builds(user, st.sampled_from(["", "hi"]))
    | st.builds(lambda ids: calls(*ids), st.lists(IDS, max_size=3, unique=True))
    | st.builds(lambda ids: results(*ids), st.lists(IDS, max_size=3)),
    max_size=8,
)


@given(TURNS)
def test_whatever_the_history_each_call_is_answered_once_right_behind_it(turns: list[Turn]) -> None:
    repaired, _ = repair(turns)
    asked: list[str] = []
    for turn in repaired:
        assert turn.parts
        if turn.role is Role.TOOL:
            assert [part.call_id for part in turn.parts if isinstance(part, ToolResult)] == asked
            asked = []
        else:
            assert not asked
            asked = [part.id for part in turn.parts if isinstance(part, ToolCall)]
    assert not asked
    assert repair(repaired) == (repaired, ())
