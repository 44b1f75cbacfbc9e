"""The pure parts of the gate: who is paired for whom, how often somebody may try, forms that count once."""

from hypothesis import given
from hypothesis import strategies as st

from app.web.limits import FORM_S, Bucket, Forms
from app.web.pairing import WINDOW_S, Pairing


def test_a_question_and_a_press_after_it_pair_once():
    pairing = Pairing()
    assert pairing.ask("a", "phone", 0.0) == "asking"
    pairing.see(None, 1.0)
    pairing.see("up", 2.0)
    assert pairing.state("a", 3.0) == "granted"
    assert pairing.collect("b", 3.0) is None
    assert pairing.collect("a", 3.0) == "phone"
    assert pairing.collect("a", 3.0) is None


def test_the_question_ends_after_a_minute():
    pairing = Pairing()
    pairing.ask("a", "phone", 0.0)
    pairing.see(None, 1.0)
    pairing.see("up", WINDOW_S)
    assert pairing.state("a", WINDOW_S) == "idle"


def test_another_button_pairs_nobody():
    pairing = Pairing()
    pairing.ask("a", "phone", 0.0)
    pairing.see(None, 1.0)
    pairing.see("down", 2.0)
    assert pairing.state("a", 2.0) == "asking"


def test_a_second_one_that_asks_spoils_it_for_both_even_when_granted():
    for granted in (False, True):
        pairing = Pairing()
        pairing.ask("a", "phone", 0.0)
        pairing.see(None, 1.0)
        if granted:
            pairing.see("up", 2.0)
        assert pairing.ask("b", "thief", 3.0) == "clash"
        pairing.see(None, 4.0)
        pairing.see("up", 5.0)
        assert pairing.collect("a", 6.0) is None
        assert pairing.collect("b", 6.0) is None
        assert pairing.ask("a", "phone", 7.0) == "clash"
        assert pairing.ask("a", "phone", 7.0 + WINDOW_S) == "asking"


steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from("ab")),
        st.tuples(st.just("see"), st.sampled_from([None, "up", "down"])),
        st.tuples(st.just("wait"), st.floats(0.0, 70.0)),
    ),
    max_size=30,
)


@given(steps)
def test_nobody_is_paired_without_a_press_since_their_own_undisturbed_question(history):
    pairing, now_s, asked, loose, due = Pairing(), 0.0, None, False, None
    for kind, value in history:
        if kind == "wait":
            now_s += value
        elif kind == "ask":
            pairing.ask(value, value, now_s)
            asked, loose, due = value, False, None
        else:
            pairing.see(value, now_s)
            loose = loose or value is None
            if value == "up" and loose and asked is not None:
                due = asked
    found = [one for one in "ab" if pairing.collect(one, now_s)]
    assert found in ([], [due])


def test_a_bucket_lets_a_burst_through_and_then_its_rate():
    bucket = Bucket(burst=3, per_s=1)
    assert [bucket.take("x", 0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.take("y", 0.0)
    assert bucket.take("x", 1.0)
    assert not bucket.take("x", 1.0)
    assert sum(bucket.take("x", 2.0 + second / 10) for second in range(100)) <= 12


def test_many_addresses_fill_no_memory():
    bucket = Bucket(burst=1, per_s=1)
    for number in range(10_000):
        bucket.take(str(number), 0.0)
    assert len(bucket._left) <= 4096


def test_a_form_counts_once_for_whom_it_was_made_and_for_a_time():
    forms = Forms()
    token = forms.issue("a", 0.0)
    assert not forms.redeem("b", token, 1.0)
    assert forms.redeem("a", token, 1.0)
    assert not forms.redeem("a", token, 1.0)
    late = forms.issue("a", 0.0)
    assert not forms.redeem("a", late, FORM_S + 2.0)
    assert not Forms().redeem("a", forms.issue("a", 0.0), 1.0)


@given(st.text(max_size=80))
def test_no_made_up_token_is_good(text):
    assert not Forms().redeem("a", text, 0.0)
