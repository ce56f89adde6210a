"""Is Temporal there? Only `/readyz` asks; no page waits for the answer."""

from portal.temporal import gateway


def temporal_answers() -> bool:
    """Whether the server serves our namespace, said within about a second."""
    return gateway.current().answers()
