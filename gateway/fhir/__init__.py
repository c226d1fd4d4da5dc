"""FHIR R4 message Bundles: how are they read, checked and written? Knows nothing of XML."""
