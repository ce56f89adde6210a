"""Gloria Approvals: staff ask, the right people decide, and auditors can prove what happened.

The Temporal workflow sandbox executes this file as the parent of ``portal.workflows``, so it
imports nothing: Flask or SQLAlchemy here would be loaded anew for every workflow run.
"""


def create_app(*arguments: object, **keywords: object) -> object:
    """Make the web application; see :func:`portal.app.create_app`, which is imported only now."""
    import importlib

    return importlib.import_module("portal.app").create_app(*arguments, **keywords)
