"""The old engine leaves gloria_ops for gloria_archive; our workflow_history takes its name.

Always the last revision. One that lands before the first release goes in before it: give it the
next number and name it below. (After a release that line stays, since databases have passed it;
what comes then follows in this folder, and an old engine is cut over before it gets that.)
How Alembic finds this folder, and when it does not, stands in `portal.legacy.cutover.chain`.
"""

from alembic import context, op

from portal.legacy.cutover.recording import who
from portal.legacy.cutover.schema import move_out, put_back

revision = "cutover"
down_revision = "0018"  # the newest numbered revision: tests/house/test_papers.py compares
branch_labels = None
depends_on = None


def upgrade() -> None:
    if not context.is_offline_mode():
        move_out(op.get_bind(), context.config.attributes.get("warrant"))


def downgrade() -> None:
    if not context.is_offline_mode():
        put_back(op.get_bind(), context.config.attributes.get("by") or who())
