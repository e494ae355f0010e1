"""Journal entries in the words of the wire."""

import msgspec

from hrd.admin.exchanges import exchange_of
from hrd.core.journal import Entry
from tests.hrd.store.samples import ANSWERED, refused

PRICED = msgspec.structs.replace(ANSWERED, cost_microusd=12)


def test_nothing_of_an_entry_is_lost() -> None:
    told = msgspec.to_builtins(exchange_of(PRICED, {"client-1": "laptop"}, row=7))
    assert told.pop("client_name") == "laptop"
    assert told.pop("row") == 7
    assert msgspec.convert(told, Entry) == PRICED
    assert set(told) == set(Entry.__struct_fields__)


def test_a_note_of_ours_comes_before_the_entrys() -> None:
    entry = msgspec.structs.replace(refused(), notes=("seed left out",))
    assert exchange_of(entry, {}, notes=("2 not told",)).notes == ("2 not told", "seed left out")
