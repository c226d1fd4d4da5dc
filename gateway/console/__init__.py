"""What may a person see and do? Server-rendered pages over the ledger; `create_console` is all that others need."""

from __future__ import annotations

from gateway.console.router import create_console

__all__ = ["create_console"]
