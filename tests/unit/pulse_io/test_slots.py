"""When the next call may be made, and what is kept for whom."""

from hypothesis import given
from hypothesis import strategies as st

from pulse_io.slots import KEPT_S, MINUTE_S, SOONEST_S, Entry, Slot, Slots, Turn, whole_ms

NOW = 1000.0


def taken(*times: float) -> dict[Slot, Entry]:
    return {f"m{number}": Entry(at) for number, at in enumerate(times)}


def with_promises(slots: Slots, *names: str) -> Slots:
    made = slots.promises(NOW, names)
    return Slots(slots.per_second, slots.per_minute, {**slots.entries, **made}, slots.closed_until)


def promised(slots: Slots, *names: str) -> list[float | None]:
    return [slots.promised_to(name, NOW) for name in names]


def test_who_is_promised_a_moment_may_call_from_then_on_and_others_only_when_it_is_over() -> None:
    slots = with_promises(Slots(0, 1, taken(NOW)), "a")
    assert promised(slots, "a", "b") == [NOW + MINUTE_S, None]
    assert slots.free(NOW, "a").moment == NOW + MINUTE_S
    assert slots.free(NOW, "b").moment == NOW + MINUTE_S + KEPT_S


def test_a_promise_takes_no_slot_from_those_who_can_be_served_at_once() -> None:
    slots = with_promises(Slots(0, 2, {}), "a")
    assert slots.free(NOW, "b").moment == NOW
    assert slots.free(NOW, "b").choices == [["m1"]]


def test_promises_are_for_one_moment_after_the_other() -> None:
    slots = with_promises(Slots(5, 30, {}), "a", "b", "c")
    soonest = NOW + SOONEST_S
    assert promised(slots, "a", "b", "c") == [soonest, soonest + 0.3, soonest + 0.6]
    assert promised(with_promises(slots, "d"), "d") == [whole_ms(soonest + 0.9)]


def test_whoever_was_promised_nothing_leaves_half_of_the_time_to_those_who_were() -> None:
    slots = with_promises(Slots(5, 30, {}), "a")
    soon, late = NOW + SOONEST_S - 1, NOW + SOONEST_S + 2
    assert slots.latest(NOW, late, "a") == late
    assert slots.latest(NOW, late, "b") == NOW + (late - NOW) / 2
    assert slots.latest(NOW, soon, "b") == soon


def test_a_promise_is_for_when_a_slot_is_free_however_many_came_before() -> None:
    times = [NOW - 30, NOW - 20, NOW - 10]
    slots = with_promises(Slots(0, 3, taken(*times)), "a", "b", "c")
    assert promised(slots, "a", "b", "c") == [at + MINUTE_S for at in times]


def test_where_all_slots_are_promised_nothing_more_is() -> None:
    slots = with_promises(Slots(0, 2, taken(NOW, NOW + 4)), "a", "b", "c")
    assert promised(slots, "c") == [None]
    once_used = [NOW + MINUTE_S + KEPT_S + MINUTE_S, NOW + 4 + MINUTE_S + KEPT_S + MINUTE_S]
    assert slots.after_all_promises(NOW) == once_used


def test_where_no_slots_are_counted_there_is_nothing_to_promise() -> None:
    slots = Slots(5, 0, {})
    assert slots.promises(NOW, ["a"]) == {}
    assert slots.after_all_promises(NOW) == [NOW + SOONEST_S]


def test_a_promise_that_nobody_came_for_is_over() -> None:
    slots = with_promises(Slots(0, 1, {}), "a")
    later = NOW + SOONEST_S + KEPT_S
    assert slots.free(later, "b").moment == later
    assert slots.promised_to("a", later) is None
    assert slots.promises(later, ["b"]) == {"m0": Entry(later + SOONEST_S + KEPT_S - MINUTE_S, "b")}


def test_who_came_in_time_and_was_not_served_is_promised_another_moment_of_the_same_slot() -> None:
    slots = with_promises(Slots(0, 2, taken(NOW, NOW)), "a", "b")
    due = NOW + MINUTE_S + 1
    assert slots.promised_to("a", due) is None
    again = slots.promises(due, ["a"])
    assert again == {"m0": Entry(due + SOONEST_S + KEPT_S - MINUTE_S, "a")}


def test_a_turn_at_another_slot_frees_the_promised_one_for_all_from_its_moment_on() -> None:
    slots = with_promises(Slots(0, 2, taken(NOW - MINUTE_S, NOW - 10)), "x", "a")
    assert slots.entries["m1"].kept_for == "a"
    changed = slots.changed(Turn(NOW, ("m0",)), "a")
    assert changed == {"m0": Entry(NOW), "m1": Entry(NOW - 10)}


def test_a_refusal_puts_promises_off_until_it_is_over() -> None:
    slots = Slots(5, 30, {}, closed_until=NOW + 45)
    assert promised(with_promises(slots, "a"), "a") == [NOW + 45]
    refused_since = with_promises(Slots(5, 30, {}), "a")
    closed = Slots(5, 30, refused_since.entries, closed_until=NOW + 45)
    assert promised(closed, "a") == [NOW + 45]
    assert closed.free(NOW, "b").moment == NOW + 45


def test_a_turn_that_was_missed_goes_back_to_its_own_slots() -> None:
    slots = Slots(5, 30, {"s2": Entry(NOW), "m7": Entry(NOW), "m0": Entry(NOW - 1)})
    free = slots.without(Turn(NOW, ("s2", "m7"))).free(NOW + 0.4)
    turn = free.turn(Turn(NOW, ("s2", "m7")), lambda slots: slots[-1])
    assert turn == Turn(NOW + 0.4, ("s2", "m7"))


def test_slots_that_others_have_taken_since_are_not_given_back() -> None:
    slots = Slots(0, 1, {"m0": Entry(NOW + 1)})
    assert slots.without(Turn(NOW, ("m0",))) == slots


@given(st.floats(1.7e9, 1.9e9), st.floats(0, 100))
def test_there_is_a_slot_at_the_moment_that_is_named_whatever_floats_make_of_it(
    taken_at: float, later_s: float
) -> None:
    at = whole_ms(taken_at)
    slots = Slots(1, 1, {"s0": Entry(at), "m0": Entry(at)})
    for name in ("", "a"):
        promises = slots.promises(at, ["a"])
        for entries in (slots.entries, {**slots.entries, **promises}):
            free = Slots(1, 1, entries).free(taken_at + later_s, name)
            assert free.choices == [["s0"], ["m0"]]
            assert free.moment >= at + MINUTE_S - 0.001


def test_times_are_whole_milliseconds_and_never_early() -> None:
    assert whole_ms(1000.0001) == 1000.001
    assert whole_ms(1000.001) == 1000.001
    assert whole_ms(1795363170.801 + MINUTE_S) == 1795363232.801
