"""Tokens, taken one after the other."""

from __future__ import annotations

from assay.scanning.parsers.jinja import lexer
from assay.scanning.parsers.jinja.lexer import TemplateError, Token


class Reader:
    """The tokens of a template."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0

    @property
    def token(self) -> Token:
        """The next token."""
        return self._tokens[self._at]

    def next(self) -> Token:
        """Take the next token."""
        token = self._tokens[self._at]
        if token.kind != lexer.END:
            self._at += 1
        return token

    def second(self) -> Token:
        """The token behind the next one; the last where there is none."""
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def before(self) -> str:
        """The token taken last."""
        return self._tokens[self._at - 1].value

    def sees(self, value: str, kind: str = lexer.OPERATOR) -> bool:
        """Whether the next token is this one."""
        token = self.token
        return token.kind == kind and token.value == value

    def take(self, value: str, kind: str = lexer.OPERATOR) -> bool:
        """Take the next token if it is this one."""
        if not self.sees(value, kind):
            return False
        self._at += 1
        return True

    def word(self, value: str) -> bool:
        """Take the next token if it is this name."""
        return self.take(value, lexer.NAME)

    def expect(self, kind: str, value: str = "") -> Token:
        """Take a token that must come next.

        Raises:
            TemplateError: another comes.
        """
        token = self.token
        if token.kind != kind or (value and token.value != value):
            raise self.error(f"{value or kind!r} is missing")
        return self.next()

    def error(self, what: str) -> TemplateError:
        """What is wrong at the next token."""
        return TemplateError(what, self.token.offset)
