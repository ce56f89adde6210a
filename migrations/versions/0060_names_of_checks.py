"""Checks that the naming convention had named twice get the name that the models give them.

A name that is written out in a migration passes through the convention of ``portal.extensions``
once more unless ``op.f`` says that it is whole, so ``ck_links_decision`` became
``ck_links_ck_links_decision``. Renaming changes the catalogue only; no row is read.
"""

from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

CHECKS = {
    "api_tokens": ("kind", "owner"),
    "closures": ("in_force",),
    "delegations": ("has_length", "two_people"),
    "legacy_moves": ("result",),
    "links": ("decision",),
    "messages": ("status",),
    "organisation": ("only_one",),
    "password_links": ("kind", "whose"),
    "people_reviews": ("scope",),
}


def upgrade() -> None:
    for table, checks in CHECKS.items():
        for check in checks:
            name = f"ck_{table}_{check}"
            _rename(table, f"ck_{table}_{name}", name)


def downgrade() -> None:
    for table, checks in CHECKS.items():
        for check in checks:
            name = f"ck_{table}_{check}"
            _rename(table, name, f"ck_{table}_{name}")


def _rename(table: str, old: str, new: str) -> None:
    op.execute(f'ALTER TABLE portal.{table} RENAME CONSTRAINT "{old}" TO "{new}"')
