"""Bodies as the public documentation of the providers has them, written anew: Microsoft's "Develop
and plan provisioning for a SCIM endpoint" and Okta's "Build your SCIM API service"."""

from typing import Any

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
CORE = "urn:ietf:params:scim:schemas:core:2.0"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

ENTRA_USER: dict[str, Any] = {
    "schemas": [f"{CORE}:User", ENTERPRISE],
    "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
    "userName": "Test_User_ab6490ee-1e48-479e-a20b-2d77186b5dd1",
    "active": True,
    "addresses": [
        {"primary": False, "type": "work", "country": "Faroe Islands", "locality": "Runavik",
         "postalCode": "69395-6857", "region": "Indiana", "streetAddress": "2 Shore Road"}
    ],
    "displayName": "lennay",
    "emails": [{"type": "work", "value": "anna33@gmail.com", "primary": True}],
    "meta": {"resourceType": "User"},
    "name": {"formatted": "Adrienne Lange", "familyName": "Lange", "givenName": "Adrienne"},
    "phoneNumbers": [{"primary": True, "type": "work", "value": "+1 555 0100"}],
    "preferredLanguage": "de-DE",
    "timezone": "Europe/Berlin",
    "roles": [],
    ENTERPRISE: {"department": "Nowhere", "costCenter": "4711"},
}  # fmt: skip

OKTA_USER: dict[str, Any] = {
    "schemas": [f"{CORE}:User"],
    "userName": "test.user@okta.example.org",
    "name": {"givenName": "Test", "familyName": "User"},
    "emails": [{"primary": True, "value": "test.user@okta.example.org", "type": "work"}],
    "displayName": "Test User",
    "locale": "en-US",
    "externalId": "00ujl29u0le5T6Aj10h7",
    "groups": [],
    "password": "1mz050nq",
    "active": True,
}


def at_entra(name: str, external_id: str) -> dict[str, Any]:
    """A group as Entra makes one; the second schema is its own."""
    return {
        "schemas": [
            f"{CORE}:Group", "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
        ],
        "externalId": external_id,
        "displayName": name,
        "meta": {"resourceType": "Group"},
    }  # fmt: skip
