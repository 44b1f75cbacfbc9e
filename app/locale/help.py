"""Help in the terminal's language.

Law: texts stay where the options are defined; they are translated when they are shown.
"""

from __future__ import annotations

import argparse
from collections.abc import Container, Iterable, Iterator
from typing import Any

from app.locale.terminal import t


class Help(argparse.HelpFormatter):
    """Lays out help as ever, in the language that is spoken."""

    def add_usage(
        self, usage: str | None, actions: Iterable[Any], groups: Iterable[Any], prefix: str | None = None
    ) -> None:
        """Begin with the usage."""
        super().add_usage(usage, actions, groups, t("usage: ") if prefix is None else prefix)

    def add_text(self, text: str | None) -> None:
        """Add a description."""
        super().add_text(text and t(text))

    def start_section(self, heading: str | None) -> None:
        """Begin a group of options."""
        super().start_section(heading and t(heading))

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help and t(action.help)


def commands(parser: argparse.ArgumentParser) -> Container[str]:
    """Give the names of a parser's commands."""
    below = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return {name for action in below for name in action.choices}


def texts(parser: argparse.ArgumentParser, commands: Iterable[str]) -> Iterator[str]:
    """Give all texts of a parser's help, and of these of its commands with what is below them."""
    yield from ("usage: ", parser.description or "")
    for group in parser._action_groups:
        yield group.title or ""
    for action in parser._actions:
        yield action.help or ""
        if isinstance(action, argparse._SubParsersAction):
            yield from (choice.help or "" for choice in action._choices_actions)
            for name, below in action.choices.items():
                if not commands or name in commands:
                    yield from texts(below, ())
