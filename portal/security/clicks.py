"""The audit data of the present request."""

from flask import request

from portal.domain.request.click import Click

LONGEST_USER_AGENT = 300


def address() -> str | None:
    """The visitor's address, seen through as many proxies as the settings trust."""
    return request.remote_addr


def click() -> Click:
    """Where the present request comes from."""
    agent = request.user_agent.string[:LONGEST_USER_AGENT]
    return Click(ip=address(), user_agent=agent.replace("\x00", "") or None)
