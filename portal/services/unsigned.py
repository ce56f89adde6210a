"""Deciding from a link without signing in, where the request type's policy allows it."""

from portal.domain.notices.links import is_proof
from portal.domain.request.click import Click
from portal.domain.request.values import Via
from portal.services import attempts
from portal.services.commands import Receipt
from portal.services.decide import Vote, decide

TRIES = 5


class WrongProof(Exception):
    """What was typed is not the end of the request's number."""


def decide_unsigned(
    vote: Vote, link_id: str, recipient_id: str, number: str, proof: str, click: Click
) -> Receipt:
    """Decide in the name of the person whom the link was sent to.

    Raises WrongProof, TooMany after a few wrong tries with the same link, and Refused.
    """
    attempt = attempts.begin({f"link:{link_id}": TRIES})
    if not is_proof(proof, number):
        raise WrongProof
    attempt.forget()
    return decide(vote, recipient_id, click, Via.LINK)
