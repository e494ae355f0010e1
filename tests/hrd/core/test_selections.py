"""Whoever may serve under several names is one candidate under all of them."""

from hrd.core.ask import Ask, Kind
from hrd.core.refusals import Refusal
from hrd.core.roster import Roster, Selection
from hrd.core.selections import NAMES_MAX, Selections
from tests.hrd.stage import provider, roster


def everybody() -> Roster:
    return roster(
        [(provider("alpha", "small", "large", embed_model="vectors"), ["a1", "a2"]), (provider("beta", "small"), ["b1"])]
    )


def chat(selections: Selections, name: str) -> Selection:
    found = selections.of(Ask(kind=Kind.CHAT, model=name), None)
    assert isinstance(found, Selection), found
    return found


def test_names_that_mean_the_same_share_a_selection() -> None:
    selections = Selections(everybody())
    assert chat(selections, "") is chat(selections, "hermes-router") is chat(selections, "a-model-nobody-has")
    assert chat(selections, "alpha") is not chat(selections, "")


def test_a_candidate_is_the_same_one_whoever_names_it_and_keeps_its_place() -> None:
    selections = Selections(everybody())
    found = {
        id(one): one for name in ("beta", "small", "alpha:large", "alpha", "") for one in chat(selections, name).candidates
    }
    assert sorted(one.key for one in found.values()) == sorted(one.key for one in chat(selections, "").candidates)


def test_embeddings_are_others_than_chat() -> None:
    selections = Selections(everybody())
    found = selections.of(Ask(kind=Kind.EMBEDDINGS, model="vectors"), None)
    assert isinstance(found, Selection)
    assert not {one.key for one in found.candidates} & {one.key for one in chat(selections, "").candidates}


def test_the_pinned_pair_leads_the_embeddings_of_the_routers_own_name() -> None:
    selections = Selections(everybody())
    own = Ask(kind=Kind.EMBEDDINGS, model="")
    unpinned = selections.of(own, None)
    assert isinstance(unpinned, Selection)
    assert unpinned.leading is None
    selections.forget()
    pinned = selections.of(own, ("alpha", "vectors"))
    assert isinstance(pinned, Selection)
    assert pinned.leading == ("alpha", "vectors")


def test_another_roster_has_other_candidates() -> None:
    selections = Selections(everybody())
    before = chat(selections, "")
    selections.change(roster([(provider("gamma"), ["c1"])]))
    assert [one.provider.name for one in chat(selections, "").candidates] == ["gamma"]
    assert not set(before.candidates) & set(chat(selections, "").candidates)


def test_names_that_clients_make_up_are_not_kept_for_ever() -> None:
    selections = Selections(roster([(provider("alpha"), ["a1"])]))
    before = chat(selections, "alpha")
    refusal = selections.of(Ask(kind=Kind.EMBEDDINGS, model="unknown"), None)
    assert isinstance(refusal, Refusal)
    assert chat(selections, "x" * 10_000) is chat(selections, "")
    for number in range(NAMES_MAX):
        chat(selections, f"alpha:made-up-{number}")
    assert chat(selections, "alpha") is not before
