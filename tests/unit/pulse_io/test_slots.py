"""When the next call may be made, and when there is room for others too."""

from pulse_io.slots import Slots, Turn, whole_ms

NOW = 1000.0


def taken(*times: float) -> dict[str, float]:
    return {f"m{number}": at for number, at in enumerate(times)}


def test_there_is_room_while_several_slots_are_free() -> None:
    assert Slots(5, 30, taken(*[NOW] * 20)).room_s(NOW, 10) == 0


def test_there_is_room_again_when_ten_slots_are_free() -> None:
    times = [NOW - 30 + number for number in range(30)]
    assert Slots(0, 30, taken(*times)).free(NOW).moment == NOW + 32
    assert Slots(0, 30, taken(*times)).room_s(NOW, 10) == 32 + 9


def test_with_fewer_slots_than_that_all_of_them_are_room_enough() -> None:
    assert Slots(0, 2, taken(NOW - 50, NOW - 10)).room_s(NOW, 10) == 52


def test_without_limits_there_is_always_room() -> None:
    assert Slots(0, 0, {}).room_s(NOW, 10) == 0


def test_a_queue_takes_as_long_as_its_seconds_with_their_margins() -> None:
    assert Slots(5, 30, {}).queue_s(20) == 6
    assert Slots(0, 30, {}).queue_s(20) == 0


def test_a_refusal_leaves_no_room_until_it_is_over() -> None:
    assert Slots(5, 30, {}, closed_until=NOW + 45).room_s(NOW, 10) == 45


def test_a_turn_that_was_missed_goes_back_to_its_own_slots() -> None:
    slots = Slots(5, 30, {"s2": NOW, "m7": NOW, "m0": NOW - 1})
    free = slots.without(Turn(NOW, ("s2", "m7"))).free(NOW + 0.4)
    turn = free.turn(Turn(NOW, ("s2", "m7")), lambda slots: slots[-1])
    assert turn == Turn(NOW + 0.4, ("s2", "m7"))


def test_slots_that_others_have_taken_since_are_not_given_back() -> None:
    slots = Slots(0, 1, {"m0": NOW + 1})
    assert slots.without(Turn(NOW, ("m0",))) == slots


def test_times_are_whole_milliseconds_and_never_early() -> None:
    assert whole_ms(1000.0001) == 1000.001
    assert whole_ms(1000.001) == 1000.001
