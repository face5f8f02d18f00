"""The supervisor shares a small machine with etcd: it stays small, and does not grow."""

from __future__ import annotations

from typing import Callable

import pytest

from rig.soak import GROWTH_LIMIT, INTERVAL, LIMIT_MEGABYTES, TURNS, soak
from rig.world import World


@pytest.mark.measured
@pytest.mark.limit(420)
def test_an_hour_of_turns_stays_under_twenty_megabytes_and_does_not_grow(
        make_world: Callable[..., World], binary: str, record_property: Callable[[str, object], None]) -> None:
    world = make_world([binary, "--interval", INTERVAL])
    results = soak(world, TURNS)
    print("\n" + "\n".join(map(str, results)))
    record_property("resident_megabytes", max(one.end.megabytes for one in results))
    for one in results:
        assert one.end.megabytes < LIMIT_MEGABYTES, one
        assert one.growth <= GROWTH_LIMIT, one
