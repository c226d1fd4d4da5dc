"""How are the settings read, from one TOML file or from memory?

Every mistake is one `ConfigurationError` that names the key. References to secrets are resolved, relative paths belong
to the file's own folder, and what no single key can tell is checked.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway.errors import ConfigurationError
from gateway.settings import CERTIFICATE_FILES, Endpoint, Settings
from gateway.settings_check import check
from gateway.settings_faults import fault_of, line_of


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read, resolve and check a configuration file.

    :raises ConfigurationError: the file cannot be read, is no TOML, or says something that cannot be or is not safe.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        content = tomllib.loads(text)
    except OSError:
        raise ConfigurationError("configuration.file-missing", path=str(path)) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError("configuration.not-toml", path=str(path), line=line_of(error)) from None
    return from_content(content, folder=path.resolve().parent, environment=environment)


def from_content(
    content: Mapping[str, Any], *, folder: Path | None = None, environment: Mapping[str, str] = os.environ
) -> Settings:
    """Check configuration that is already in memory; relative paths belong to `folder` (default: the working folder).

    :raises ConfigurationError: as `load`.
    """
    resolved = _with_secrets(content, environment, at="")
    try:
        settings = Settings.model_validate(resolved)
    except ValidationError as error:
        raise fault_of(error) from None
    settings = _with_paths(settings, folder or Path.cwd())
    check(settings)
    return settings


def _with_secrets(value: Any, environment: Mapping[str, str], at: str) -> Any:
    """Replace every "env:NAME" by the variable's value."""
    if isinstance(value, Mapping):
        return {
            key: _with_secrets(item, environment, f"{at}.{key}" if at else key) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_with_secrets(item, environment, f"{at}[{n}]") for n, item in enumerate(value)]
    if isinstance(value, str) and value.startswith("env:"):
        found = environment.get(value.removeprefix("env:"))
        if not found:
            raise ConfigurationError("configuration.secret-missing", path=at)
        return found
    return value


def _with_paths(settings: Settings, folder: Path) -> Settings:
    """Make every relative path absolute, seen from `folder`."""
    gateway = settings.gateway
    changes: dict[str, Any] = {}
    if gateway.ledger.startswith("sqlite:"):
        changes["ledger"] = f"sqlite:{folder / gateway.ledger.removeprefix('sqlite:')}"
    if gateway.mappings_dir is not None:
        changes["mappings_dir"] = folder / gateway.mappings_dir
    partners = tuple(
        partner.model_copy(
            update={"endpoint": tuple(_endpoint_in(folder, each) for each in partner.endpoint)}
        )
        for partner in settings.partner
    )
    return settings.model_copy(update={"gateway": gateway.model_copy(update=changes), "partner": partners})


def _endpoint_in(folder: Path, endpoint: Endpoint) -> Endpoint:
    named = {key: getattr(endpoint, key) for key in ("path", *CERTIFICATE_FILES)}
    return endpoint.model_copy(
        update={key: str(folder / file) for key, file in named.items() if file is not None}
    )
