"""What is our FHIR package: the definitions in the form in which FHIR tools install them?

A gzipped tar in the form of the NPM packages of FHIR: `package/package.json` (name, version, dependencies),
`package/.index.json`, one file for each resource, and the examples in `package/example/`. The same definitions always
make the same bytes.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from gateway import __version__, package_data
from gateway.errors import CATALOGUE
from gateway.fhir.canonical import BASE, error_system
from gateway.fhir.definitions import EXAMPLES, definitions, folders, with_own_base

Node = dict[str, Any]

NAME: Final = "no.somlos.plo"
"""The package's name: reverse domain, as FHIR packages have."""
_INDEXED: Final = ("id", "url", "version", "kind", "type", "content", "supplements")
"""What the index tells of a resource, besides its file and resource type."""


def package() -> bytes:
    """The package as a .tgz, with the addresses of this installation."""
    published = [each for folder in folders() for each in definitions(folder)]
    published.append(error_codes())
    files = {"package/package.json": manifest()}
    files |= _with_index("package/", published)
    files |= _with_index("package/example/", definitions(EXAMPLES))
    return _packed({name: _text(content) for name, content in files.items()})


def manifest() -> Node:
    """The package.json."""
    index = msgspec.json.decode((package_data.profiles() / "index.json").read_bytes())
    return {
        "name": NAME,
        "version": __version__,
        "type": "IG",
        "title": "Sømløs: Norwegian care messages (PLO) as FHIR",
        "description": "Profiles, extensions, code systems, value sets and concept maps of the care messages between "
        "hospital and municipality.",
        "license": "Apache-2.0",
        "author": "Sømløs",
        "canonical": BASE,
        "url": BASE,
        "jurisdiction": "urn:iso:std:iso:3166#NO",
        "fhirVersions": ["4.0.1"],
        "dependencies": index["dependencies"],
        "directories": {"lib": "package", "example": "example"},
    }


def error_codes() -> Node:
    """The error catalogue as a code system: the codes in our OperationOutcomes."""
    concepts = [
        {
            "code": entry.code,
            "display": entry.en,
            "definition": entry.next_step_en,
            "designation": [{"language": "nb", "value": entry.no}],
        }
        for entry in CATALOGUE.values()
    ]
    return {
        "resourceType": "CodeSystem",
        "id": "error",
        "url": error_system(),
        "version": __version__,
        "name": "ErrorCatalogue",
        "title": "Error catalogue",
        "status": "active",
        "publisher": "Sømløs",
        "description": "What can go wrong, and what to do about it.",
        "caseSensitive": True,
        "content": "complete",
        "count": len(concepts),
        "concept": concepts,
    }


def _with_index(folder: str, resources: Iterable[Node]) -> dict[str, Node]:
    files = {f"{each['resourceType']}-{each['id']}.json": each for each in resources}
    listed = [
        {"filename": name, "resourceType": each["resourceType"]}
        | {key: each[key] for key in _INDEXED if isinstance(each.get(key), str)}
        for name, each in sorted(files.items())
    ]
    index: Node = {"index-version": 2, "files": listed}
    return {f"{folder}.index.json": index} | {f"{folder}{name}": each for name, each in sorted(files.items())}


def _text(content: Node) -> bytes:
    return with_own_base(json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n")


def _packed(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, filename="") as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()
