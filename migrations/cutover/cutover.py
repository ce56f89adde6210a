"""The old engine leaves gloria_ops for gloria_archive; our workflow_history takes its name.

Always the last revision: it finds the newest numbered one by itself. A new one goes in before it,
and databases that have passed the cutover make up for it at the next upgrade. How, and when Alembic
does not see this folder, stands in `portal.legacy.cutover.chain`.
"""

from pathlib import Path

from alembic import context, op

from portal.legacy.cutover import chain
from portal.legacy.cutover.recording import who
from portal.legacy.cutover.schema import move_out, put_back

NUMBERED = Path(__file__).resolve().parent.parent / "versions"

revision = "cutover"
down_revision = max(file.name[:4] for file in NUMBERED.glob("[0-9]*.py"))
branch_labels = None
depends_on = None


def upgrade() -> None:
    if not context.is_offline_mode():
        move_out(op.get_bind(), context.config.attributes.get("warrant"))
        chain.remember(op.get_bind(), down_revision)


def downgrade() -> None:
    if not context.is_offline_mode():
        chain.require_caught_up(op.get_bind())
        put_back(op.get_bind(), context.config.attributes.get("by") or who())
        chain.remember(op.get_bind(), None)
