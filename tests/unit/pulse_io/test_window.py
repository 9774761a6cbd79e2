"""When the next call is permitted, and which calls are reserved."""

from hypothesis import given
from hypothesis import strategies as st

from pulse_io.sources.reservations import MIN_RETRY_MS, close, reserve
from pulse_io.sources.window import (
    MARGIN_MS,
    MINUTE_MARGIN_MS,
    MINUTE_MS,
    REGRANT_MS,
    RESERVATION_MS,
    SECOND_MS,
    SlowCall,
    Window,
)

NOW = 1_700_000_000_000
FOREVER = float("inf")
CALL_SECOND_MS = SECOND_MS + MARGIN_MS
CALL_MINUTE_MS = MINUTE_MS + MINUTE_MARGIN_MS
"""How long a call keeps its place, from its moment."""


def empty(per_second: int, per_minute: int, *calls: int) -> Window:
    return Window(per_second, per_minute, calls, now=NOW)


def reserving(window: Window, *names: str) -> Window:
    for name in names:
        window, _ = reserve(window, name)
    return window


def granting(window: Window, *names: str) -> tuple[Window, list[int | None]]:
    moments = []
    for name in names:
        window, moment = window.grant(name, FOREVER)
        moments.append(moment)
    return window, moments


def slow(name: str, moment: int = NOW, counted_by: int = NOW + 15_000) -> SlowCall:
    return SlowCall(name, moment, counted_by)


def reserved(window: Window) -> dict[str, int]:
    return {name: one.moment for name, one in window.reservations.items()}


def test_reserved_place_is_for_its_name_only() -> None:
    due = NOW + CALL_MINUTE_MS
    window = reserving(empty(0, 1, NOW), "a").at(due)
    assert reserved(window) == {"a": due}
    assert window.next_moment(due, "a") == due
    assert window.next_moment(due, "b") > due + RESERVATION_MS


def test_smaller_limits_wait_for_calls_of_others() -> None:
    """An environment with limits of its own finds more calls and reservations than it would grant."""
    calls = tuple(NOW - 1000 * number for number in range(30))
    others = reserving(empty(5, 30, *calls), "a", "b")
    window = Window(2, 3).unpack(others.pack()).at(NOW)
    moment = window.next_moment(NOW, "c")
    assert moment >= max(reserved(others).values()) + RESERVATION_MS
    assert reserved(window) == reserved(others)


def test_reservation_leaves_free_calls_to_others() -> None:
    assert reserving(empty(0, 2), "a").next_moment(NOW, "b") == NOW


def test_no_grant_breaks_a_reservation() -> None:
    window, moments = granting(reserving(empty(0, 2, NOW), "a"), "b", "c")
    assert moments[0] is not None
    assert moments[0] > NOW
    assert window.next_moment(NOW + MIN_RETRY_MS, "a") == NOW + MIN_RETRY_MS


def test_reservations_keep_a_gap() -> None:
    window = reserving(empty(5, 30), "a", "b", "c")
    first = NOW + MIN_RETRY_MS
    assert list(reserved(window).values()) == [first, first + 300, first + 600]


def test_half_of_the_time_is_left_to_reserved_names() -> None:
    window = reserving(empty(5, 30), "a")
    soon, late = NOW + MIN_RETRY_MS - 1000, NOW + MIN_RETRY_MS + 2000
    assert window.latest("a", late) == late
    assert window.latest("b", late) == NOW + (late - NOW) / 2
    assert window.latest("b", soon) == soon


def test_reservations_wait_for_free_places() -> None:
    moments = (NOW - 30_000, NOW - 20_000, NOW - 10_000)
    window = reserving(empty(0, 3, *moments), "a", "b", "c")
    assert list(reserved(window).values()) == [one + CALL_MINUTE_MS for one in moments]


def test_reservations_beyond_a_minute_follow_earlier_ones() -> None:
    window = reserving(empty(0, 2, NOW, NOW + 4000), "a", "b", "c")
    assert reserved(window)["c"] == NOW + CALL_MINUTE_MS + RESERVATION_MS + CALL_MINUTE_MS


def test_unused_reservation_expires() -> None:
    later = NOW + MIN_RETRY_MS + RESERVATION_MS
    window = reserving(empty(0, 1), "a").at(later)
    assert window.next_moment(later, "b") == later
    assert reserved(reserving(window, "b")) == {"b": later + MIN_RETRY_MS}


def test_reserved_name_that_was_not_served_gets_another_reservation() -> None:
    due = NOW + CALL_MINUTE_MS + 1000
    window = reserving(empty(0, 2, NOW, NOW), "a", "b").at(due)
    assert reserved(reserving(window, "a"))["a"] == due + MIN_RETRY_MS


def test_asking_again_changes_nothing() -> None:
    window = reserving(empty(5, 30), "a").at(NOW + 1000)
    assert reserve(window, "a") == (window, NOW + MIN_RETRY_MS)


def test_call_uses_up_its_reservation() -> None:
    window, moments = granting(reserving(empty(0, 2), "a"), "a")
    assert moments == [NOW]
    assert window.reservations == {}


def test_reservation_is_not_earlier_than_asked() -> None:
    window, moment = reserve(reserving(empty(5, 30), "a"), "a", NOW + 30_000)
    assert moment == reserved(window)["a"] == NOW + 30_000
    window = window.at(NOW + 1000)
    assert reserve(window, "a", NOW + 30_500) == (window, NOW + 30_500)


def test_closing_moves_reservations_in_order() -> None:
    until = NOW + 45_000
    window = close(reserving(empty(5, 30), "a", "b", "c"), until)
    assert reserved(window) == {"a": until, "b": until + 300, "c": until + 600}
    assert window.next_moment(NOW, "d") == until


def test_closing_moves_reservations_beyond_a_minute() -> None:
    window = reserved(close(reserving(empty(0, 1), "a", "b"), NOW + 45_000))
    assert window["a"] == NOW + 45_000
    assert window["b"] >= window["a"] + RESERVATION_MS + CALL_MINUTE_MS


def test_closing_moves_due_reservations() -> None:
    due = NOW + MIN_RETRY_MS + 1000
    window = reserving(empty(5, 30), "a").at(due)
    assert reserved(close(window, due + 60_000)) == {"a": due + 60_000}


def test_shorter_closing_opens_nothing() -> None:
    window = close(empty(5, 30), NOW + 60_000)
    assert close(window, NOW + 5000) == window


def test_granted_call_is_not_permitted_after_closing() -> None:
    window, moments = granting(empty(1, 30), "a", "b")
    assert moments[1] is not None
    closed = close(window, NOW + 60_000)
    assert window.at(moments[1]).permits(moments[1])
    assert not closed.at(moments[1]).permits(moments[1])


def test_missed_moment_is_given_back() -> None:
    window, moment = empty(1, 1).grant("a", FOREVER)
    assert moment == NOW
    window, moment = window.at(NOW + 400).grant("a", FOREVER, NOW)
    assert moment == NOW + 400
    window = close(window, NOW + 10_000).at(NOW + 500)
    window, moment = window.grant("a", NOW + 5000, NOW + 400)
    assert moment is None
    assert window.calls == ()


def test_missed_call_keeps_its_place_in_the_minute() -> None:
    """Others have reserved the next place in the minute; half of the minute's margin is for that."""
    window, _ = empty(0, 1).grant("a", FOREVER)
    window = reserving(window, "b")
    assert reserved(window) == {"b": NOW + CALL_MINUTE_MS}
    late, moment = window.at(NOW + REGRANT_MS).grant("a", NOW + 7000, NOW)
    assert moment == NOW + REGRANT_MS
    late, next_moment = late.at(NOW + CALL_MINUTE_MS).grant("b", FOREVER)
    assert next_moment is not None
    assert late.at(next_moment).permits(next_moment)
    assert next_moment - moment >= 60_000
    _, too_late = window.at(NOW + REGRANT_MS + 1).grant("a", NOW + 7000, NOW)
    assert too_late is None


def test_slow_call_keeps_one_place_until_its_answer() -> None:
    window, _ = granting(empty(2, 30), "a", "b")
    later = NOW + 5000
    window = window.recorded(slow("a")).at(later)
    assert window.next_moment(later, "c") == later
    window, _ = granting(window, "c")
    assert window.next_moment(later, "d") == later + CALL_SECOND_MS
    answered = window.recorded(slow("a", counted_by=later))
    assert answered.next_moment(later) == later + SECOND_MS
    assert answered.unanswered == []


def test_late_answer_breaks_no_reservation() -> None:
    window = reserving(empty(0, 1, NOW), "b").recorded(slow("a"))
    window = window.recorded(slow("a", counted_by=NOW + 2000)).at(NOW + 2000)
    due = reserved(window)["b"]
    assert window.next_moment(due, "b") == due


def test_slow_calls_on_all_places_block_others() -> None:
    window, _ = granting(empty(2, 30), "a", "b", "c")
    window = window.recorded(slow("a")).recorded(slow("b"))
    granted = window.calls[0]
    window = window.at(granted)
    assert window.blocked_ms == granted - NOW
    assert not window.permits(granted)
    assert window.next_moment(granted) == granted + CALL_SECOND_MS
    answered = window.recorded(slow("a", counted_by=granted))
    assert answered.is_unanswered("b")
    assert not answered.is_unanswered("a")
    assert answered.blocked_ms is None


def test_only_calls_without_a_place_move() -> None:
    window, _ = granting(empty(3, 30), "x", "y", "z", "a", "b", "c")
    due = NOW + CALL_SECOND_MS + 10
    window = window.recorded(slow("x")).at(due)
    moments = []
    for name in "abc":
        window, moment = window.grant(name, FOREVER, NOW + CALL_SECOND_MS)
        moments.append(moment)
    assert moments[1:] == [NOW + CALL_SECOND_MS] * 2
    assert moments[0] is not None
    assert moments[0] > due


def test_call_without_an_answer_is_given_up() -> None:
    window, _ = granting(empty(1, 30), "a")
    window = window.recorded(slow("a")).at(NOW + 15_000)
    assert window.unanswered == []
    later = NOW + 15_000 + SECOND_MS
    assert window.next_moment(NOW + 15_000) == later


def test_pack_round_trip() -> None:
    window = close(reserving(empty(5, 30, NOW, NOW + 7), "a", "b"), NOW + 6000)
    window = window.recorded(slow("c")).recorded(slow("d", counted_by=NOW + 1)).prioritised()
    window, _ = reserve(window, "e", client="client")
    limits = Window(5, 30)
    assert limits.unpack(window.pack()) == window
    assert limits.unpack(limits.pack()) == limits


@given(
    st.lists(
        st.tuples(st.integers(0, 9000), st.sampled_from("gr"), st.sampled_from("abcdefgh")),
        min_size=1,
        max_size=60,
    )
)
def test_limits_and_reservations_hold_in_any_order(steps: list[tuple[int, str, str]]) -> None:
    window, granted = empty(2, 4), list[int]()
    for pause_ms, step, name in steps:
        window = window.at(window.now + pause_ms)
        is_due = 0 <= window.now - reserved(window).get(name, window.now + 1) < RESERVATION_MS
        if step == "r":
            window, moment = reserve(window, name)
            assert moment == reserved(window)[name] >= window.now
        else:
            window, taken = window.grant(name, window.now + 7000)
            assert taken is not None or not is_due
            granted += [] if taken is None else [taken]
    granted.sort()
    for allowed, span_ms in ((2, CALL_SECOND_MS), (4, CALL_MINUTE_MS)):
        for first, later in zip(granted, granted[allowed:], strict=False):
            assert later >= first + span_ms
