"""Texts and file names within lines of a request are found by search, as those of its fields are.

Requests of before have no lines: what is found of them stays the same, and no row is written anew.
"""

from alembic import op

revision = "0048"
down_revision = "0047"

# Texts that are no ids: of fields, of cells in lines, and the names of files in both.
REQUEST_TEXT = r"""
CREATE OR REPLACE FUNCTION portal.request_text(title text, requester_name text, fields jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 500 AS $$
    SELECT title || ' ' || requester_name || coalesce(' ' || (
        SELECT string_agg(left(each.value #>> '{}', 4000), ' ')
        FROM (
            SELECT jsonb_path_query(fields, '$.*') AS value
            UNION ALL SELECT jsonb_path_query(fields, '$.*[*].name')LINES
        ) each
        WHERE jsonb_typeof(each.value) = 'string' AND each.value #>> '{}' !~ '^[0-9a-f-]{36}$'
    ), '')
$$
"""
LINES = """
            UNION ALL SELECT jsonb_path_query(fields, '$.*.rows[*].*')
            UNION ALL SELECT jsonb_path_query(fields, '$.*.rows[*].*[*].name')"""


def upgrade() -> None:
    op.execute(REQUEST_TEXT.replace("LINES", LINES))


def downgrade() -> None:
    op.execute(REQUEST_TEXT.replace("LINES", ""))
