"""Whatever the standard asks of a service (RFC 7643 and 7644), by scim2-tester."""

from flask import Flask
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server


def test_the_standard_is_kept(app: Flask, scim_token: str) -> None:
    headers = {"Authorization": f"Bearer {scim_token}"}
    client = WSGISCIMClient(app, base_url="http://localhost/scim/v2", headers=headers)
    found = check_server(client)
    wrong = [f"{each.title}: {each.reason}" for each in found if each.status != Status.SUCCESS]
    assert not wrong, "\n".join(wrong)
    assert len(found) > 60
