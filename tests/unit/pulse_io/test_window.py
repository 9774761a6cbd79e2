"""When the next call may be made, and what is reserved for whom."""

from hypothesis import given
from hypothesis import strategies as st

from pulse_io.sources.window import KEPT_MS, MINUTE_MS, MISSED_MS, SECOND_MS, SOONEST_MS, Window

NOW = 1_700_000_000_000
FOREVER = float("inf")


def reserving(window: Window, *names: str, now: int = NOW) -> Window:
    for name in names:
        window, _ = window.reserve(now, name)
    return window


def taking(window: Window, now: int, *names: str) -> tuple[Window, list[int | None]]:
    moments = []
    for name in names:
        window, moment = window.take(now, name, FOREVER)
        moments.append(moment)
    return window, moments


def test_a_reserved_call_may_be_made_from_its_moment_on_and_others_not() -> None:
    window = reserving(Window(0, 1, (NOW,)), "a")
    assert window.reserved == {"a": NOW + MINUTE_MS}
    due = NOW + MINUTE_MS
    assert window.next_moment(due, "a") == due
    assert window.next_moment(due, "b") > due + KEPT_MS


def test_a_reservation_takes_nothing_from_those_who_can_be_served_at_once() -> None:
    window = reserving(Window(0, 2), "a")
    assert window.next_moment(NOW, "b") == NOW


def test_no_call_is_granted_that_would_break_a_reservation() -> None:
    window = reserving(Window(0, 2, (NOW,)), "a")
    window, moments = taking(window, NOW, "b", "c")
    assert moments[0] is not None
    assert moments[0] > NOW
    assert window.next_moment(NOW + SOONEST_MS, "a") == NOW + SOONEST_MS


def test_reservations_are_for_one_moment_after_the_other() -> None:
    window = reserving(Window(5, 30), "a", "b", "c")
    soonest = NOW + SOONEST_MS
    assert list(window.reserved.values()) == [soonest, soonest + 300, soonest + 600]


def test_half_of_the_time_is_left_to_those_with_reservations() -> None:
    window = reserving(Window(5, 30), "a")
    soon, late = NOW + SOONEST_MS - 1000, NOW + SOONEST_MS + 2000
    assert window.latest(NOW, late, "a") == late
    assert window.latest(NOW, late, "b") == NOW + (late - NOW) / 2
    assert window.latest(NOW, soon, "b") == soon


def test_a_reservation_is_for_when_a_place_is_free() -> None:
    times = (NOW - 30_000, NOW - 20_000, NOW - 10_000)
    window = reserving(Window(0, 3, times), "a", "b", "c")
    assert list(window.reserved.values()) == [at + MINUTE_MS for at in times]


def test_beyond_a_minutes_calls_a_reservation_is_for_when_the_others_were_used() -> None:
    window = reserving(Window(0, 2, (NOW, NOW + 4000)), "a", "b", "c")
    assert window.reserved["c"] == NOW + MINUTE_MS + KEPT_MS + MINUTE_MS


def test_a_reservation_that_nobody_came_for_lapses() -> None:
    window = reserving(Window(0, 1), "a")
    later = NOW + SOONEST_MS + KEPT_MS
    assert window.next_moment(later, "b") == later
    assert reserving(window, "b", now=later).reserved == {"b": later + SOONEST_MS}


def test_who_came_in_time_and_was_not_served_gets_another_reservation() -> None:
    window = reserving(Window(0, 2, (NOW, NOW)), "a", "b")
    due = NOW + MINUTE_MS + 1000
    assert reserving(window, "a", now=due).reserved["a"] == due + SOONEST_MS


def test_asking_again_for_a_reservation_changes_nothing() -> None:
    window = reserving(Window(5, 30), "a")
    assert window.reserve(NOW + 1000, "a") == (window, NOW + SOONEST_MS)


def test_a_call_uses_up_its_reservation() -> None:
    window, moments = taking(reserving(Window(0, 2), "a"), NOW, "a")
    assert moments == [NOW]
    assert window.reserved == {}


def test_no_reservation_is_for_earlier_than_asked() -> None:
    window = reserving(Window(5, 30), "a")
    later, moment = window.reserve(NOW, "a", NOW + 30_000)
    assert moment == later.reserved["a"] == NOW + 30_000
    assert later.reserve(NOW + 1000, "a", NOW + 30_500) == (later, NOW + 30_500)


def test_a_refusal_moves_reservations_in_their_order() -> None:
    window = reserving(Window(5, 30), "a", "b", "c").close(NOW, NOW + 45_000)
    closed_until = NOW + 45_000
    assert window.reserved == {
        "a": closed_until,
        "b": closed_until + 300,
        "c": closed_until + 600,
    }
    assert window.next_moment(NOW, "d") == closed_until


def test_a_refusal_moves_what_was_reserved_beyond_a_minutes_calls_too() -> None:
    window = reserving(Window(0, 1), "a", "b").close(NOW, NOW + 45_000)
    assert window.reserved["a"] == NOW + 45_000
    assert window.reserved["b"] >= window.reserved["a"] + KEPT_MS + MINUTE_MS


def test_a_refusal_moves_reservations_that_are_due() -> None:
    window = reserving(Window(5, 30), "a")
    due = NOW + SOONEST_MS + 1000
    assert window.close(due, due + 60_000).reserved == {"a": due + 60_000}


def test_a_shorter_refusal_opens_nothing() -> None:
    window = Window(5, 30).close(NOW, NOW + 60_000)
    assert window.close(NOW, NOW + 5000) == window


def test_a_call_granted_for_later_is_not_made_after_a_refusal() -> None:
    window, moments = taking(Window(1, 30), NOW, "a", "b")
    assert moments[1] is not None
    assert window.allows(moments[1], NOW + SECOND_MS)
    assert not window.close(NOW, NOW + 60_000).allows(moments[1], NOW + SECOND_MS)


def test_a_missed_moment_is_given_back() -> None:
    window, moment = Window(1, 1).take(NOW, "a", FOREVER)
    assert moment == NOW
    window, moment = window.take(NOW + 400, "a", FOREVER, NOW)
    assert moment == NOW + 400
    refused, moment = window.close(NOW, NOW + 10_000).take(NOW + 500, "a", NOW + 5000, NOW + 400)
    assert moment is None
    assert refused.calls == ()


def test_missed_call_keeps_its_place_in_the_minute() -> None:
    """Others have reserved the next place in the minute; half of the minute's margin is for that."""
    window, _ = Window(0, 1).take(NOW, "a", FOREVER)
    window = reserving(window, "b")
    assert window.reserved == {"b": NOW + MINUTE_MS}
    late, moment = window.take(NOW + MISSED_MS, "a", NOW + 7000, NOW)
    assert moment == NOW + MISSED_MS
    late, reserved = late.take(NOW + MINUTE_MS, "b", FOREVER)
    assert reserved is not None
    assert late.allows(reserved, reserved)
    assert reserved - moment >= 60_000
    _, too_late = window.take(NOW + MISSED_MS + 1, "a", NOW + 7000, NOW)
    assert too_late is None


def test_an_unanswered_call_takes_one_place_until_it_is_answered() -> None:
    window, _ = taking(Window(2, 30), NOW, "a", "b")
    window = window.leave_unanswered(NOW + 500, "a", NOW, NOW + 15_000)
    later = NOW + 5000
    assert window.next_moment(later, "c") == later
    window, _ = taking(window, later, "c")
    assert window.next_moment(later, "d") == later + SECOND_MS
    answered = window.answer(later, "a", NOW)
    assert answered.next_moment(later) == later + 1000
    assert (answered.answered, answered.unanswered) == ((later,), ())


def test_a_late_answer_breaks_no_reservation() -> None:
    window = reserving(Window(0, 1, (NOW,)), "b")
    window = window.leave_unanswered(NOW + 500, "a", NOW, NOW + 15_000)
    window = window.answer(NOW + 2000, "a", NOW)
    assert window.next_moment(window.reserved["b"], "b") == window.reserved["b"]


def test_while_all_places_are_unanswered_no_call_is_made() -> None:
    window, _ = taking(Window(2, 30), NOW, "a", "b", "c")
    for name in "ab":
        window = window.leave_unanswered(NOW + 500, name, NOW, NOW + 15_000)
    granted = window.calls[0]
    assert not window.allows(granted, granted)
    assert window.next_moment(granted) == granted + SECOND_MS
    assert window.answer(granted, "a", NOW).names_unanswered(granted) == ["b"]


def test_of_a_batch_only_as_many_move_as_others_are_unanswered() -> None:
    window, _ = taking(Window(3, 30), NOW, "x", "y", "z", "a", "b", "c")
    window = window.leave_unanswered(NOW + 500, "x", NOW, NOW + 15_000)
    due = NOW + SECOND_MS + 10
    moments = []
    for name in "abc":
        window, moment = window.take(due, name, FOREVER, NOW + SECOND_MS)
        moments.append(moment)
    assert moments[1:] == [NOW + SECOND_MS] * 2
    assert moments[0] is not None
    assert moments[0] > due


def test_a_call_that_is_never_answered_is_given_up() -> None:
    window, _ = taking(Window(1, 30), NOW, "a")
    window = window.leave_unanswered(NOW + 500, "a", NOW, NOW + 15_000)
    assert window.names_unanswered(NOW + 15_000) == []
    later = NOW + 15_000 + SECOND_MS
    assert window.next_moment(later) == later


def test_a_window_is_kept_as_text() -> None:
    window = reserving(Window(5, 30, (NOW, NOW + 7)), "a", "b").close(NOW, NOW + 6000)
    window = window.leave_unanswered(NOW, "c", NOW, NOW + 15_000)
    window = window.leave_unanswered(NOW, "d", NOW, NOW + 15_000).answer(NOW + 1, "d", NOW)
    assert Window(5, 30).with_json(window.to_json()) == window
    assert Window(5, 30).with_json(Window(5, 30).to_json()) == Window(5, 30)


@given(
    st.lists(
        st.tuples(st.integers(0, 9000), st.sampled_from("tr"), st.sampled_from("abcdefgh")),
        min_size=1,
        max_size=60,
    )
)
def test_whatever_is_taken_and_reserved_no_span_has_too_many_and_reservations_hold(
    steps: list[tuple[int, str, str]],
) -> None:
    window, now, granted = Window(2, 4), NOW, list[int]()
    for pause_ms, step, name in steps:
        now += pause_ms
        due = name in window.reserved and 0 <= now - window.reserved[name] < KEPT_MS
        if step == "r":
            window, moment = window.reserve(now, name)
            assert moment == window.reserved[name] >= now
        else:
            window, taken = window.take(now, name, now + 7000)
            assert taken is not None or not due
            granted += [] if taken is None else [taken]
    granted.sort()
    for allowed, span_ms in ((2, SECOND_MS), (4, MINUTE_MS)):
        for first, later in zip(granted, granted[allowed:], strict=False):
            assert later >= first + span_ms
