"""Lines out of a stream that comes in pieces, wherever it was cut."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from controller.host.lines import LineSplitter

TEXT = "{}\n\nsüß\nhalf".encode()


@given(st.lists(st.integers(0, len(TEXT)), max_size=8))
def test_a_stream_gives_the_same_lines_wherever_it_is_cut(cuts):
    lines, found, places = LineSplitter(), [], sorted([0, *cuts, len(TEXT)])
    for begin, end in pairwise(places):
        found += lines.feed(TEXT[begin:end])
    assert found == [b"{}", b"", "süß".encode()]
    assert lines.rest == b"half"
