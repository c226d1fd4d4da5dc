"""What may a person see and do? Server-rendered pages over the ledger. Others need `create_console`, and
`compile_pages` once for a process."""

from __future__ import annotations

from gateway.console.router import create_console
from gateway.console.web import compile_pages

__all__ = ["compile_pages", "create_console"]
