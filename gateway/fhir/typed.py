"""How does Python code that works with FHIR classes read resources, and hand over its own?

The typed view: the models of fhir.resources (R4B, whose structure is R4's for everything a message Bundle holds).
Inside the gateway resources are plain dicts, which are ten times as fast; these functions stand at the border.

    bundle = model_of(fhir_json.read(data))          a dict as a model
    resource_of(bundle)                              a model as a dict, to validate, translate or write it

What comes back means the same: a fraction of a second is written with six digits, white space in base64 is gone. One
thing R4 allows has no place in the models: the value of an extension that is itself only an extension (``_valueString``
without ``valueString``). Such a resource is refused, with the place; nothing is left out silently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.errors import NotTranslatable
from gateway.fhir import json as fhir_json
from gateway.fhir import tables

if TYPE_CHECKING:
    from fhir_core.fhirabstractmodel import FHIRAbstractModel


def model_of(resource: dict[str, Any]) -> FHIRAbstractModel:
    """The resource as a model.

    :raises NotTranslatable: fhir.no-typed-view, with the first place that the model cannot hold.
    """
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError

    kind = resource.get("resourceType")
    if not isinstance(kind, str) or kind not in tables.resource_types():
        raise NotTranslatable("fhir.unknown-resource-type", path="resourceType")
    try:
        model: FHIRAbstractModel = get_fhir_model_class(kind).model_validate_json(fhir_json.write(resource))
    except ValidationError as error:
        raise NotTranslatable("fhir.no-typed-view", path=_path(kind, error.errors()[0]["loc"])) from None
    return model


def resource_of(model: FHIRAbstractModel) -> dict[str, Any]:
    """The model as a resource of plain values."""
    return fhir_json.read(model.model_dump_json().encode())


def _path(kind: str, location: tuple[int | str, ...]) -> str:
    """The place of a finding of pydantic's, as a FHIRPath expression would say it."""
    path = kind
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step.removeprefix('_')}"
    return path
