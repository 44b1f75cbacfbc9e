"""Whatever bytes come in, the reader gives a unit or well-formed sentences: never a traceback."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from config.reader import BadFile, read_text
from config.unit import REFERENCE, Unit

WELL_FORMED = re.compile(r"f\.yaml:\d+:\d+: \S.*?: \S.*")
GOOD = REFERENCE.read_bytes()
FRAGMENTS = (
    *(b"&a ", b"*a", b"<<: ", b"!!int ", b"!<%ff> ", b"%YAML 1.1\n", b"---\n", b"...\n", b"? ", b"- ", b": "),
    *(b"[", b"]", b"{", b"}", b"'", b'"', b"\\x", b"|", b">", b"#", b",", b"@", b"~", b"null", b"\n", b"\t"),
    *(b"\x00", b"\xff", b"\xc2\x85", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b'"\\ud800"', b'"\\Uffffffff"'),
    *(b"1e9", b".nan", b"0", b"-", b"true", b"0x", b"1:1", b"_", b"9" * 30),
)


def outcome_of(content: bytes) -> Unit | list[str]:
    try:
        return read_text(content, "f.yaml", Unit)
    except BadFile as bad:
        return bad.errors


def refuses_cleanly_or_reads(content: bytes) -> None:
    outcome = outcome_of(content)
    if isinstance(outcome, list):
        assert outcome
        for error in outcome:
            assert WELL_FORMED.fullmatch(error), error
            assert error.isprintable(), error


@given(st.binary(max_size=200))
@example(b"%YAML 1\n")
@example(b'"\\xZZ"')
@example(b"!<%ff> x")
def test_arbitrary_bytes_never_break_the_reader(content: bytes) -> None:
    refuses_cleanly_or_reads(content)


@given(st.text(max_size=200))
def test_arbitrary_text_never_breaks_the_reader(content: str) -> None:
    refuses_cleanly_or_reads(content.encode("utf-8", "surrogatepass"))


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30))
def test_yaml_debris_never_breaks_the_reader(pieces: list[bytes]) -> None:
    refuses_cleanly_or_reads(b"".join(pieces))


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(GOOD)), st.integers(0, 6), st.sampled_from(FRAGMENTS) | st.binary(max_size=3)
        ),
        max_size=6,
    )
)
def test_a_mutated_unit_never_breaks_the_reader(edits: list[tuple[int, int, bytes]]) -> None:
    content = GOOD
    for at, cut, put in edits:
        content = content[:at] + put + content[at + cut :]
    refuses_cleanly_or_reads(content)


@given(st.floats(min_value=0.001, max_value=25, allow_nan=False))
def test_a_number_written_in_full_is_read_exactly(number: float) -> None:
    word = f"{number:.15f}"
    unit = read_text(f"limits: {{max_current_ma: {word}}}".encode(), "f.yaml", Unit)
    assert unit.limits.max_current_ma == float(word)
