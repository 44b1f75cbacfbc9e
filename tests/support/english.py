"""Whether a text still holds English, by the small words that no German sentence has."""

import re

_SMALL = re.compile(
    r"\b(the|is|are|and|of|not|with|while|measured|where|has|have|does|which|allowed|expected|must|from|reads|"
    r"written|there|this|it|its|been|be|to|at|on|or|by|than|no|none|got|found|missing|for|after|left)\b",
    re.IGNORECASE,
)
_AS_TYPED = re.compile(r"'[^']*'|`[^`]*`|\"[^\"]*\"|\S*[/_]\S*")
"""Quoted words, commands, paths and keys."""


def left_in_english(text):
    """Give the English words of a German text."""
    return _SMALL.findall(_AS_TYPED.sub(" ", text))
