"""Conditions of stages: CEL expressions, checked when a policy is saved, evaluated when it routes.

An expression may name the form's fields and `amount` (minor units: cents, an integer, null without
an amount), `currency`, `priority`, `round` (1, 2, ...) and `department` (the code of the
requester's own, null without one). A field nobody filled in is null. There is no second, divided
amount: one exact integer cannot be compared wrongly.

CEL is at github.com/google/cel-spec. Loops are refused, and long expressions, because thousands of
terms crash the evaluator; its functions come from a list of harmless ones.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, Any

from portal.domain.errors import InvalidPolicy
from portal.domain.marked import msgid
from portal.domain.policy.forms import plain
from portal.domain.routing.plan import RouteQuestion

if TYPE_CHECKING:
    import cel
else:
    # The evaluator alone: the package around it would load its command line, with an editor and
    # colours for a terminal.
    found = PathFinder.find_spec("cel.cel", find_spec("cel").submodule_search_locations)
    cel = sys.modules[found.name] = module_from_spec(found)
    found.loader.exec_module(cel)

LONGEST = 500
BUILT_IN: Mapping[str, Any] = {
    "amount": 0,
    "currency": "EUR",
    "priority": "MEDIUM",
    "round": 1,
    "department": "",
}
LOOPS = frozenset({"map", "filter", "all", "exists", "exists_one", "bind"})
FUNCTIONS = frozenset({
    "_&&_", "_||_", "!_", "_?_:_", "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_",
    "_+_", "_-_", "_*_", "_/_", "_%_", "-_", "@in", "_[_]",
    "size", "contains", "startsWith", "endsWith", "int", "double", "string",
})  # fmt: skip

# String literals and comments: what stands in them is no word of the expression.
_QUOTED = re.compile(
    r"//[^\n]*|\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", re.DOTALL
)
_WORD = re.compile(r"[A-Za-z_]\w*")


class NoValue(Exception):
    """Why a condition has no value, as the end of a sentence."""


def check(expression: str, names: Iterable[str]) -> None:
    """Raise InvalidPolicy, with a sentence, if a condition cannot be saved.

    `names` are the form's field names.
    """
    _check_text(expression)
    try:
        program = _compiled(expression)
    except NoValue as error:
        raise InvalidPolicy(msgid("The condition is not valid: %(error)s."), error=error) from error
    allowed = {*names, *BUILT_IN}
    for name in program.variables():
        if name not in allowed:
            known = ", ".join(sorted(allowed))
            raise InvalidPolicy(
                msgid("The condition names “%(name)s”, but there are only: %(known)s."),
                name=name,
                known=known,
            )
    for function in program.functions():
        if function not in FUNCTIONS:
            raise InvalidPolicy(
                msgid("A condition cannot use “%(function)s”."), function=function.strip("_@")
            )
    _try(program, allowed)


def evaluate(expression: str, values: Mapping[str, Any]) -> bool | str:
    """The condition's value, or, as a string, why it has none.

    `values` holds every name that `check` allowed; a field that nobody filled in as None.
    """
    try:
        value = _run(_compiled(expression), values)
    except NoValue as error:
        return str(error)
    return value if isinstance(value, bool) else "it gives neither true nor false"


def _check_text(expression: str) -> None:
    if not expression.strip():
        raise InvalidPolicy(msgid("A condition cannot be empty; leave it out to have none."))
    if len(expression) > LONGEST:
        raise InvalidPolicy(msgid("A condition has at most %(most)s characters."), most=LONGEST)
    loops = sorted(LOOPS & set(_WORD.findall(_QUOTED.sub(" ", expression))))
    if loops:
        raise InvalidPolicy(
            msgid("A condition cannot use “%(name)s”: it would be a loop."), name=loops[0]
        )


def _try(program: cel.Program, names: Iterable[str]) -> None:
    """Evaluate with likely values: what is clearly no yes or no is found when it is saved."""
    for sample in (0, "", None):
        try:
            value = _run(program, {**dict.fromkeys(names, sample), **BUILT_IN})
        except NoValue:
            continue
        if not isinstance(value, bool):
            raise InvalidPolicy(msgid("The condition has to give true or false."))


def _run(program: cel.Program, values: Mapping[str, Any]) -> Any:
    try:
        return program.execute(dict(values))
    except TypeError as error:
        raise NoValue("it compares or joins values of different kinds, or an empty one") from error
    except ZeroDivisionError as error:
        raise NoValue("it divides by zero") from error
    except Exception as error:
        # The evaluator knows no method of an empty value, and says that it is undefined.
        raise NoValue(f"{_first_line(error)}, or it is asked of an empty value") from error


@lru_cache(maxsize=512)
def _compiled(expression: str) -> cel.Program:
    if len(expression) > LONGEST:
        raise NoValue("it is too long")
    try:
        return cel.compile(expression)
    except ValueError as error:
        raise NoValue(_first_line(error)) from error


def _first_line(error: Exception) -> str:
    """The first line of what the evaluator says, without the expression repeated in it."""
    line = (str(error).splitlines() or [type(error).__name__])[0]
    cause = line.rpartition("ERROR: <input>:")[2].partition(". Check")[0]
    return cause[:120].rstrip(".")


def values_of(
    question: RouteQuestion, names: Iterable[str], department: str | None
) -> dict[str, Any]:
    """Every name a condition may use, with the request's value; None where it has none."""
    return {
        **dict.fromkeys(names),
        **plain(question.fields),
        "amount": question.amount,
        "currency": question.currency,
        "priority": question.priority,
        "round": question.round,
        "department": department,
    }
