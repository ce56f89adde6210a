"""The cutover and its way back: everything is as it was, whatever hangs on the old tables."""

from dataclasses import replace
from typing import Any

import pytest

from portal.legacy.tables import ENGINE_TABLES, SHARED_KEYS, SHARED_TABLES
from tests.legacy.cutover.conftest import Site

pytestmark = pytest.mark.slow
OLD = ("gloria_ops", "gloria_master")
# Other objects that depend on the engine, and everything that could be lost on the way.
AWKWARD = """
DO $$ BEGIN CREATE ROLE cutover_reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
SET search_path = gloria_ops;
CREATE VIEW open_work AS SELECT i.id, i.state, s.status FROM workflow_instances i
    JOIN workflow_step_instances s ON s.instance_id = i.id WHERE s.status = 'PENDING';
CREATE MATERIALIZED VIEW work_by_state AS SELECT state, count(*) FROM workflow_instances GROUP BY 1;
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER stamp BEFORE UPDATE ON workflow_instances FOR EACH ROW EXECUTE FUNCTION stamp();
ALTER TABLE workflow_instances DISABLE TRIGGER stamp;
CREATE FUNCTION is_open("StepStatus") RETURNS boolean LANGUAGE sql
    RETURN (SELECT count(*) > 0 FROM gloria_ops.workflow_step_instances WHERE status = $1);
CREATE STATISTICS places ON instance_id, step_index FROM workflow_step_instances;
CREATE INDEX "Odd Name" ON workflow_instances (lower(request_id)) WHERE state = 'WAITING';
ALTER TABLE workflow_instances ADD CHECK (retry_count >= 0) NOT VALID;
ALTER TABLE workflow_actions ENABLE ROW LEVEL SECURITY;
CREATE POLICY readers ON workflow_actions FOR SELECT TO cutover_reader USING (actor_id <> 'x');
ALTER TABLE workflow_actions ADD COLUMN place serial;
CREATE RULE no_delete AS ON DELETE TO workflow_templates DO INSTEAD NOTHING;
ALTER TABLE notifications ADD COLUMN workflow_id text REFERENCES workflows, ADD kind "ActionType";
GRANT SELECT ON workflow_instances, open_work TO cutover_reader;
GRANT SELECT (id, state), UPDATE (error) ON workflow_instances TO cutover_reader WITH GRANT OPTION;
GRANT USAGE ON TYPE "StepStatus" TO cutover_reader;
COMMENT ON TABLE workflow_instances IS 'requests: 100% of them';
COMMENT ON COLUMN workflow_instances.state IS 'where it is';
COMMENT ON TYPE "WorkflowState" IS 'states';
COMMENT ON INDEX "Odd Name" IS 'odd';
ALTER TABLE workflow_escalations OWNER TO cutover_reader;
ALTER TYPE "TransitionType" OWNER TO cutover_reader;
GRANT cutover_reader TO gloria_owner;
"""
TIES = """
ALTER TABLE gloria_ops.user_profiles ADD "Escalation received" text,
    ADD CONSTRAINT user_profiles_received_escalations_fkey FOREIGN KEY ("Escalation received")
    REFERENCES gloria_ops.workflow_escalations ON UPDATE CASCADE ON DELETE SET NULL NOT VALID;
ALTER TABLE gloria_ops.departments DROP CONSTRAINT departments_workflows_fkey,
    ADD CONSTRAINT departments_workflows_fkey FOREIGN KEY (code) REFERENCES gloria_ops.workflows
    (code) DEFERRABLE INITIALLY DEFERRED NOT VALID;
COMMENT ON CONSTRAINT schools_workflows_fkey ON gloria_ops.schools IS 'it''s 50% :sure, %s';
"""
NO_TIES = """
ALTER TABLE gloria_ops.user_profiles DROP CONSTRAINT user_profiles_delegated_workflows_fkey,
    DROP CONSTRAINT user_profiles_received_delegations_fkey,
    DROP CONSTRAINT user_profiles_escalated_workflows_fkey;
ALTER TABLE gloria_ops.schools DROP CONSTRAINT schools_workflows_fkey;
ALTER TABLE gloria_ops.departments DROP CONSTRAINT departments_workflows_fkey;
"""
SHARED = [f"--table=gloria_ops.{name}" for name in SHARED_TABLES] + ["--table=gloria_master.*"]


@pytest.mark.parametrize("change", ["SELECT 1", TIES, NO_TIES, AWKWARD + TIES])
def test_everything_comes_back_as_it_was(moved: Site, change: str) -> None:
    moved.as_superuser(change)
    before = (moved.schema_dump(), moved.database.checksums(*OLD))

    moved.cut_over()
    there = moved.database.checksums("gloria_archive")
    assert {name for _, name, _ in there} == set(ENGINE_TABLES)
    assert moved.schema_dump() != before[0]
    moved.run("db", "downgrade")

    assert (moved.schema_dump(), moved.database.checksums(*OLD)) == before
    moved.cut_over()
    assert moved.database.checksums("gloria_archive") == there


@pytest.mark.parametrize("change", [TIES, NO_TIES, AWKWARD + TIES])
def test_what_other_systems_use_is_not_touched(moved: Site, change: str) -> None:
    moved.as_superuser(change)
    before = (_shared(moved), moved.schema_dump(*SHARED))
    moved.cut_over()
    after = (_shared(moved), moved.schema_dump(*SHARED))

    assert after[0] == before[0]
    assert _without_ties(after[1]) == _without_ties(before[1])
    assert "_workflows_fkey" not in after[1]
    moved.run("db", "downgrade")
    assert (_shared(moved), moved.schema_dump(*SHARED)) == before


def _shared(site: Site) -> list[tuple[Any, ...]]:
    rows = site.database.checksums("gloria_ops", "gloria_master")
    return [each for each in rows if each[1] in (*SHARED_TABLES, "data_karyawan")]


def _without_ties(dump: str) -> list[str]:
    """The dump's objects without the ties; what points to the engine follows it."""
    ties = [name for names in SHARED_KEYS.values() for name in names]
    objects = dump.replace("gloria_archive.", "gloria_ops.").split("--\n-- Name: ")
    return [each for each in objects if not any(name in each for name in ties)]


def test_models_and_migrations_agree_on_the_way(moved: Site) -> None:
    for step in ("cutover", "downgrade", "cutover"):
        if step == "cutover":
            moved.cut_over()
        else:
            moved.run("db", "downgrade")
        moved.run("db", "check")
        moved.run("db", "upgrade")


def test_an_engine_that_lacks_some_tables_goes_and_comes_back(moved: Site) -> None:
    moved.as_superuser("""
        DROP TABLE gloria_ops.workflow_history, gloria_ops.workflow_templates;
        DROP TYPE gloria_ops."TransitionType" CASCADE;
        ALTER TABLE gloria_ops.workflow_history_next RENAME TO workflow_history""")
    before = (moved.schema_dump(), moved.database.checksums(*OLD))
    moved.cut_over()
    assert len(moved.database.checksums("gloria_archive")) == len(ENGINE_TABLES) - 2
    moved.run("db", "check")
    moved.run("db", "downgrade")
    assert (moved.schema_dump(), moved.database.checksums(*OLD)) == before


def test_a_superuser_may_do_it_for_tables_of_others(moved: Site) -> None:
    moved.as_superuser("""
        ALTER TABLE gloria_ops.workflow_actions OWNER TO postgres;
        GRANT SELECT ON gloria_ops.workflow_actions TO gloria_owner""")
    before = moved.schema_dump()
    portal = moved.app.config["SETTINGS"]
    moved.app.config["SETTINGS"] = replace(portal, database_url=moved.admin_url)
    moved.cut_over()
    assert moved.database.rows("SELECT count(*) FROM gloria_archive.workflow_actions")
    moved.as_superuser("GRANT postgres TO gloria_owner")
    try:
        moved.run("db", "downgrade")
    finally:
        moved.as_superuser("REVOKE postgres FROM gloria_owner")
    assert moved.schema_dump() == before


def test_the_doctor_says_whether_the_old_engine_was_left_well(moved: Site) -> None:
    before = moved.run("portal", "doctor", "--after-cutover", status=1)
    assert "[cutover.waits]" in before
    moved.cut_over()
    after = moved.run("portal", "doctor", "--after-cutover", status=1)
    assert "[cutover.waits]" not in after
    assert "the old tables are gone from gloria_ops" in after
    assert "no old instance was left behind unknowingly" in after
    moved.as_superuser("UPDATE portal.legacy_moves SET result = 'failed' WHERE result = 'history'")
    assert "[cutover.left]" in moved.run("portal", "doctor", "--after-cutover", status=1)
