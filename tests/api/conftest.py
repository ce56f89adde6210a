"""A request type, requests that run in the test's own process, and programs that ask."""

from collections.abc import Callable

import pytest
from flask import Flask

from portal.domain.people.tokens import OF_SERVICES, Scope, TokenWish
from portal.services import api_tokens
from tests.api.programs import Program
from tests.asking import kind  # noqa: F401
from tests.in_process import InProcess, process  # noqa: F401
from tests.web import People

MakeProgram = Callable[..., Program]


@pytest.fixture
def make_program(app: Flask, people: People) -> MakeProgram:
    """Makes programs: of a person by name, else services; with all scopes unless some are named."""

    def make(owner: str = "", *scopes: Scope, modules: tuple[str, ...] = ()) -> Program:
        granted = frozenset(scopes or (Scope if owner else OF_SERVICES))
        wish = TokenWish(name="ERP", scopes=granted, modules=modules)
        with app.app_context():
            if owner:
                token_id, secret = api_tokens.make_personal(wish, getattr(people, owner), None)
            else:
                token_id, secret = api_tokens.make_service(wish, None)
        return Program(app, secret, token_id)

    return make


@pytest.fixture
def service(make_program: MakeProgram, kind: dict[str, str], process: InProcess) -> Program:  # noqa: F811
    """A service with all scopes that one can have."""
    return make_program()
