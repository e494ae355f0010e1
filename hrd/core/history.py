"""A conversation's history as every provider takes it: each call answered once, right behind it, and nothing empty.

Clients cut histories, merge them, and put messages between a call and its result; most providers refuse that. After `repair`

- every assistant turn with calls is followed by one tool turn, with one result for each call, in the calls' order;
- no tool turn stands elsewhere, no text is empty, no turn is without parts.

What was repaired is told in words; nothing that somebody said is lost.
"""

from collections.abc import Sequence

import msgspec

from hrd.core.conversation import Part, Refused, Role, Text, ToolCall, ToolResult, Turn

MISSING = "No result of this call was recorded."
ORPHAN = "Result of a tool call that is not part of this conversation any more:"
NOTE_MISSING = "a result made up for a tool call without one"
NOTE_ORPHAN = "a tool result without its call sent as text"
NOTE_TWICE = "a second result of the same tool call left out"
NOTE_MOVED = "tool results moved behind their calls"

_Place = tuple[int, int]
"""Of a call: its turn, and its place among the turn's parts."""


def repair(turns: Sequence[Turn]) -> tuple[tuple[Turn, ...], tuple[str, ...]]:
    """*turns* as above, and what was changed, but for what was empty."""
    in_order = _in_order(turns)
    if in_order is not None:
        return in_order, ()
    full = [turn for turn in map(_without_empty, turns) if turn.parts]
    if not any(_has_tools(turn) for turn in full):
        return tuple(full), ()
    notes: dict[str, None] = {}
    answers, orphans = _match(full, notes)
    repaired: list[Turn] = []
    for place, turn in enumerate(full):
        if turn.role is Role.TOOL:
            repaired.extend(_as_text(part) for part in turn.parts if id(part) in orphans)
            continue
        repaired.append(turn)
        calls = [((place, number), part) for number, part in enumerate(turn.parts) if isinstance(part, ToolCall)]
        if calls:
            results = tuple([answers.get(where) or _made_up(call, notes) for where, call in calls])
            repaired.append(Turn(Role.TOOL, results))
    return tuple(repaired), tuple(notes)


def _in_order(turns: Sequence[Turn]) -> tuple[Turn, ...] | None:
    """*turns* with the results of one turn's calls in one turn, if that is all there is to do, as with most conversations."""
    done: list[Turn] = []
    owed: list[str] = []
    """Ids of calls without their results, the last one first."""
    given: list[Part] = []
    """Results of the same turn's calls, in turns before."""
    for turn in turns:
        parts = turn.parts
        if not parts:
            return None
        if turn.role is _TOOL:
            for part in parts:
                if not owed or type(part) is not ToolResult or part.call_id != owed.pop():
                    return None
            if owed:
                given += parts
            else:
                done.append(Turn(_TOOL, (*given, *parts)) if given else turn)
                given = []
            continue
        if owed:
            return None
        for part in parts:
            if type(part) is Text or type(part) is Refused:
                if not part.text or part.text.isspace():
                    return None
            elif type(part) is ToolCall:
                owed.append(part.id)
            elif type(part) is ToolResult:
                return None
        owed.reverse()
        done.append(turn)
    return tuple(done) if not owed else None


def system_apart(turns: Sequence[Turn]) -> tuple[tuple[Text, ...], tuple[Turn, ...]]:
    """The texts of system and developer turns, wherever they stand, and all other turns: for who takes them apart only. What
    else they hold, pictures and files, the user shows in their place."""
    apart = [turn for turn in turns if turn.role in _SYSTEM]
    if not apart:
        return (), tuple(turns)
    texts = [part for turn in apart for part in turn.parts if isinstance(part, Text)]
    return tuple(texts), tuple(
        [shown for turn in turns if (shown := shown_by_user(turn) if turn.role in _SYSTEM else turn).parts]
    )


def shown_by_user(turn: Turn) -> Turn:
    """What a turn of the system holds beside texts, which is all that most take of it, as the user's."""
    return Turn(Role.USER, tuple([part for part in turn.parts if not isinstance(part, Text)]))


_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)
_TOOL = Role.TOOL  # found ten times sooner so, see core.quota.kinds


def _match(turns: Sequence[Turn], notes: dict[str, None]) -> tuple[dict[_Place, ToolResult], set[int]]:
    """Which result answers which call, and the results (by identity) that answer none."""
    answers: dict[_Place, ToolResult] = {}
    orphans: set[int] = set()
    last: dict[str, _Place] = {}
    asked_at = -1
    for place, turn in enumerate(turns):
        for number, part in enumerate(turn.parts):
            if isinstance(part, ToolCall):
                last[part.id] = place, number
                asked_at = place
            elif isinstance(part, ToolResult):
                where = last.get(part.call_id)
                if where is None:
                    orphans.add(id(part))
                    notes[NOTE_ORPHAN] = None
                elif where in answers:
                    notes[NOTE_TWICE] = None
                else:
                    answers[where] = part
                    if where[0] != asked_at or any(each.role is not Role.TOOL for each in turns[asked_at + 1 : place]):
                        notes[NOTE_MOVED] = None
    return answers, orphans


def _without_empty(turn: Turn) -> Turn:
    parts = tuple([part for part in turn.parts if not (isinstance(part, Text | Refused) and not part.text.strip())])
    return turn if len(parts) == len(turn.parts) else msgspec.structs.replace(turn, parts=parts)


def _has_tools(turn: Turn) -> bool:
    return any(isinstance(part, ToolCall | ToolResult) for part in turn.parts)


def _made_up(call: ToolCall, notes: dict[str, None]) -> ToolResult:
    notes[NOTE_MISSING] = None
    return ToolResult(call_id=call.id, content=(Text(MISSING),), is_error=True, name=call.name, kind=call.kind)


def _as_text(orphan: Part) -> Turn:
    assert isinstance(orphan, ToolResult), "nothing else stands in a tool turn"
    return _without_empty(Turn(Role.USER, (Text(ORPHAN), *orphan.content)))
