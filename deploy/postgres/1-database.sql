-- The portal's five roles and its database. For psql, as an administrator of the server; it may be
-- run again. PostgreSQL's image runs it when it makes its data. What each role is for:
--
--   gloria_owner    owns everything; nobody signs in as it
--   gloria_migrate  changes tables, in the owner's name
--   gloria_app      pages and workers: the record is only added to
--   gloria_seal     seals the log
--   gloria_read     only reads, for whoever verifies
--
-- Those that sign in need a password each: \password gloria_app
\set ON_ERROR_STOP on
SELECT format('CREATE ROLE %s %s', name, word)
FROM (VALUES
    ('gloria_owner', 'NOLOGIN'), ('gloria_migrate', 'LOGIN'), ('gloria_app', 'LOGIN'),
    ('gloria_seal', 'LOGIN'), ('gloria_read', 'LOGIN')
) AS wanted (name, word)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
GRANT gloria_owner TO gloria_migrate;
-- What it makes belongs to the owner.
ALTER ROLE gloria_migrate SET role = gloria_owner;
SELECT 'CREATE DATABASE gloria OWNER gloria_owner ENCODING ''UTF8'' TEMPLATE template0'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'gloria') \gexec
\connect gloria
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
