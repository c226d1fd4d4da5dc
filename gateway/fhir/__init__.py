"""FHIR R4 message Bundles: how are they read, checked and written? Knows nothing of XML.

json.read, json.write      bytes ⇄ a resource (a dict), hardened, without losing a digit
validate.validate          what is wrong with a resource, and where
typed.model_of, resource_of      a resource ⇄ a model of fhir.resources (R4B)
"""

from gateway.fhir.typed import model_of, resource_of

__all__ = ["model_of", "resource_of"]
