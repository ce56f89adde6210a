"""Search in everything a request says and in its comments, whatever the accents, also misspelt.

The column of words changes from a generated one to one that a trigger keeps: nothing is rewritten.
"""

from collections.abc import Iterable

from alembic import op
from sqlalchemy.exc import ProgrammingError

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ADVICE = (
    "The database's role may not make the extensions unaccent and pg_trgm: let an administrator run"
    " CREATE EXTENSION unaccent; CREATE EXTENSION pg_trgm; in this database once, then migrate again."
)

WORDS = """
CREATE TEXT SEARCH CONFIGURATION portal.words (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION portal.words
    ALTER MAPPING FOR word, hword, hword_part WITH unaccent, simple;
"""
# Indexes run their functions without a search path: every name in them has its schema.
PLAIN = """
DO $make$
DECLARE
    home text := (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'unaccent');
BEGIN
    EXECUTE 'CREATE FUNCTION portal.plain(text) RETURNS text'
        ' LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 500 AS $plain$ SELECT lower('
        || home || '.unaccent(' || quote_literal(home || '.unaccent')
        || '::regdictionary, $1)) $plain$';
END
$make$
"""
REQUEST_TEXT = r"""
CREATE FUNCTION portal.request_text(title text, requester_name text, fields jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 500 AS $$
    SELECT title || ' ' || requester_name || coalesce(' ' || (
        SELECT string_agg(left(each.value #>> '{}', 4000), ' ')
        FROM (
            SELECT jsonb_path_query(fields, '$.*') AS value
            UNION ALL SELECT jsonb_path_query(fields, '$.*[*].name')
        ) each
        WHERE jsonb_typeof(each.value) = 'string' AND each.value #>> '{}' !~ '^[0-9a-f-]{36}$'
    ), '')
$$
"""
SEARCH = """
CREATE FUNCTION portal.requests_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search := to_tsvector('portal.words'::regconfig,
        NEW.number || ' ' || replace(NEW.number, '-', ' ') || ' '
        || portal.request_text(NEW.title, NEW.requester_name, NEW.fields)
        || coalesce(' ' || (SELECT name FROM portal.users WHERE id = NEW.on_behalf_of), ''));
    RETURN NEW;
END
$$
"""
TRIGGER = """
CREATE TRIGGER requests_search
BEFORE INSERT OR UPDATE OF number, title, requester_name, fields ON portal.requests
FOR EACH ROW EXECUTE FUNCTION portal.requests_search()
"""
OLD_SEARCH = (
    "to_tsvector('simple', number || ' ' || replace(number, '-', ' ') || ' ' || title"
    " || ' ' || requester_name)"
)


def upgrade() -> None:
    _extensions(("unaccent", "pg_trgm"))
    for statement in (*WORDS.strip().split(";\n"), PLAIN, REQUEST_TEXT, SEARCH):
        op.execute(statement.rstrip(";\n"))
    op.execute("ALTER TABLE portal.requests ALTER COLUMN search DROP EXPRESSION")
    op.execute(TRIGGER)


def _extensions(names: Iterable[str]) -> None:
    for name in names:
        try:
            op.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
        except ProgrammingError as error:
            raise RuntimeError(ADVICE) from error


def downgrade() -> None:
    op.execute("DROP TRIGGER requests_search ON portal.requests")
    op.drop_column("requests", "search", schema="portal")
    op.execute(
        "ALTER TABLE portal.requests ADD COLUMN search tsvector NOT NULL"
        f" GENERATED ALWAYS AS ({OLD_SEARCH}) STORED"
    )
    op.execute("CREATE INDEX ix_requests_search ON portal.requests USING gin (search)")
    op.execute("DROP FUNCTION portal.requests_search()")
    op.execute("DROP FUNCTION portal.request_text(text, text, jsonb)")
    op.execute("DROP FUNCTION portal.plain(text)")
    op.execute("DROP TEXT SEARCH CONFIGURATION portal.words")
