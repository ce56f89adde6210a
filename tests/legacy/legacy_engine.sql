-- The old engine's database, written down from legacy-engine.md by hand and not from our generator:
-- other column orders, tables and columns of others, no `notifications` and no `audit_logs`, none
-- of the optional keys, and another time zone.
CREATE SCHEMA gloria_master;
CREATE SCHEMA gloria_ops;

CREATE TYPE gloria_ops."WorkflowType" AS ENUM ('SEQUENTIAL', 'PARALLEL', 'CONDITIONAL', 'HYBRID');
CREATE TYPE gloria_ops."WorkflowStatus" AS ENUM ('DRAFT', 'ACTIVE', 'INACTIVE', 'ARCHIVED');
CREATE TYPE gloria_ops."WorkflowTriggerType" AS ENUM ('MANUAL', 'AUTOMATIC', 'SCHEDULED', 'EVENT');
CREATE TYPE gloria_ops."WorkflowState" AS ENUM ('INITIALIZED', 'IN_PROGRESS', 'WAITING',
    'COMPLETED', 'CANCELLED', 'FAILED', 'SUSPENDED');
CREATE TYPE gloria_ops."StepType" AS ENUM ('APPROVAL', 'NOTIFICATION', 'CONDITION', 'ACTION',
    'PARALLEL', 'SUBPROCESS');
CREATE TYPE gloria_ops."StepStatus" AS ENUM ('PENDING', 'IN_PROGRESS', 'COMPLETED', 'REJECTED',
    'SKIPPED', 'FAILED', 'DELEGATED', 'ESCALATED');
CREATE TYPE gloria_ops."ActionType" AS ENUM ('APPROVE', 'REJECT', 'RETURN', 'DELEGATE', 'ESCALATE',
    'COMMENT', 'REASSIGN', 'REMIND');
CREATE TYPE gloria_ops."TransitionType" AS ENUM ('NEXT', 'BRANCH', 'LOOP', 'SKIP', 'PARALLEL',
    'JOIN');
CREATE TYPE gloria_ops."LeaveKind" AS ENUM ('PAID', 'UNPAID');

CREATE TABLE gloria_master.data_karyawan (
    no_ponsel varchar(25), nip varchar(15) PRIMARY KEY, nama varchar(109), email varchar(100),
    lokasi varchar(20), bagian_kerja varchar(50), bidang_kerja varchar(70),
    status_aktif varchar(8), golongan varchar(4));
CREATE TABLE gloria_ops.user_profiles (
    id text PRIMARY KEY, nip varchar(15) NOT NULL UNIQUE REFERENCES gloria_master.data_karyawan,
    clerk_user_id text NOT NULL UNIQUE, is_active boolean NOT NULL DEFAULT true,
    is_superadmin boolean NOT NULL DEFAULT false, theme text, last_active timestamp(3),
    preferences jsonb, created_at timestamp(3) NOT NULL DEFAULT now(),
    updated_at timestamp(3) NOT NULL, created_by text);
CREATE TABLE gloria_ops.roles (
    id text PRIMARY KEY, code text NOT NULL UNIQUE, name text NOT NULL,
    hierarchy_level integer NOT NULL, is_active boolean NOT NULL DEFAULT true, description text);
CREATE TABLE gloria_ops.user_roles (
    id text PRIMARY KEY, user_profile_id text NOT NULL REFERENCES gloria_ops.user_profiles,
    role_id text NOT NULL REFERENCES gloria_ops.roles,
    valid_from timestamp(3) NOT NULL DEFAULT now(), valid_until timestamp(3),
    is_active boolean NOT NULL DEFAULT true, UNIQUE (user_profile_id, role_id));
CREATE TABLE gloria_ops.schools (id text PRIMARY KEY, code text NOT NULL UNIQUE, name text NOT NULL);
CREATE TABLE gloria_ops.departments (
    id text PRIMARY KEY, code text NOT NULL UNIQUE, name text NOT NULL,
    school_id text REFERENCES gloria_ops.schools,
    parent_id text REFERENCES gloria_ops.departments);
CREATE TABLE gloria_ops.positions (
    id text PRIMARY KEY, code text NOT NULL UNIQUE, name text NOT NULL, department_id text,
    school_id text, hierarchy_level integer NOT NULL, is_active boolean NOT NULL DEFAULT true);
CREATE TABLE gloria_ops.position_hierarchy (
    id text PRIMARY KEY, position_id text NOT NULL UNIQUE REFERENCES gloria_ops.positions,
    reports_to_id text REFERENCES gloria_ops.positions,
    coordinator_id text REFERENCES gloria_ops.positions);
CREATE TABLE gloria_ops.user_positions (
    id text PRIMARY KEY, user_profile_id text NOT NULL REFERENCES gloria_ops.user_profiles,
    position_id text NOT NULL REFERENCES gloria_ops.positions, start_date timestamp(3) NOT NULL,
    end_date timestamp(3), is_active boolean NOT NULL DEFAULT true,
    is_plt boolean NOT NULL DEFAULT false);
CREATE TABLE gloria_ops.approval_delegations (
    id text PRIMARY KEY, delegator_profile_id text NOT NULL REFERENCES gloria_ops.user_profiles,
    delegate_profile_id text NOT NULL REFERENCES gloria_ops.user_profiles, module text,
    start_date timestamp(3) NOT NULL, end_date timestamp(3) NOT NULL, reason text,
    is_active boolean NOT NULL DEFAULT true, created_at timestamp(3) NOT NULL,
    updated_at timestamp(3) NOT NULL, created_by text);
CREATE TABLE gloria_ops.leave_balances (id serial PRIMARY KEY, kind gloria_ops."LeaveKind");

CREATE TABLE gloria_ops.workflows (
    id text PRIMARY KEY, code text NOT NULL UNIQUE, name text NOT NULL, module text NOT NULL,
    description text, category text NOT NULL,
    type gloria_ops."WorkflowType" NOT NULL DEFAULT 'SEQUENTIAL',
    status gloria_ops."WorkflowStatus" NOT NULL DEFAULT 'DRAFT',
    trigger_type gloria_ops."WorkflowTriggerType" NOT NULL DEFAULT 'MANUAL', trigger_config jsonb,
    steps jsonb NOT NULL, variables jsonb, triggers jsonb, metadata jsonb, sla_config jsonb,
    is_active boolean NOT NULL DEFAULT true, is_default boolean NOT NULL DEFAULT false,
    is_template boolean NOT NULL DEFAULT false, priority integer NOT NULL DEFAULT 0,
    valid_from timestamp(3), valid_until timestamp(3),
    created_at timestamp(3) NOT NULL DEFAULT now(), updated_at timestamp(3) NOT NULL,
    deleted_at timestamp(3), created_by text, modified_by text,
    version integer NOT NULL DEFAULT 1, parent_workflow_id text REFERENCES gloria_ops.workflows,
    school_id text REFERENCES gloria_ops.schools,
    department_id text REFERENCES gloria_ops.departments, UNIQUE (module, name, version));
CREATE TABLE gloria_ops.workflow_templates (
    id text PRIMARY KEY, workflow_id text NOT NULL REFERENCES gloria_ops.workflows,
    name text NOT NULL, description text, category text NOT NULL, template_data jsonb NOT NULL,
    is_public boolean NOT NULL DEFAULT false, created_at timestamp(3) NOT NULL DEFAULT now(),
    updated_at timestamp(3) NOT NULL, created_by text);
CREATE TABLE gloria_ops.workflow_instances (
    request_id text NOT NULL UNIQUE, id text PRIMARY KEY,
    workflow_id text NOT NULL REFERENCES gloria_ops.workflows, initiator_id text NOT NULL,
    state gloria_ops."WorkflowState" NOT NULL DEFAULT 'INITIALIZED',
    status text NOT NULL DEFAULT 'PENDING', current_step_index integer NOT NULL DEFAULT 0,
    context jsonb NOT NULL, metadata jsonb, started_at timestamp(3) NOT NULL DEFAULT now(),
    completed_at timestamp(3), created_at timestamp(3) NOT NULL DEFAULT now(), error text,
    retry_count integer NOT NULL DEFAULT 0, imported_from text);
CREATE TABLE gloria_ops.workflow_step_instances (
    id text PRIMARY KEY, instance_id text NOT NULL REFERENCES gloria_ops.workflow_instances,
    step_index integer NOT NULL, step_type gloria_ops."StepType" NOT NULL,
    step_data jsonb NOT NULL, status gloria_ops."StepStatus" NOT NULL DEFAULT 'PENDING',
    assignee_id text, delegated_to text, result jsonb, started_at timestamp(3),
    completed_at timestamp(3), due_date timestamp(3),
    escalation_level integer NOT NULL DEFAULT 0, notes text, attachments jsonb, metadata jsonb,
    step_definition jsonb, UNIQUE (instance_id, step_index));
CREATE TABLE gloria_ops.workflow_actions (
    id text PRIMARY KEY,
    step_instance_id text NOT NULL REFERENCES gloria_ops.workflow_step_instances,
    action gloria_ops."ActionType" NOT NULL, actor_id text NOT NULL, actor_role text, reason text,
    comment text, data jsonb, performed_at timestamp(3) NOT NULL DEFAULT now());
CREATE TABLE gloria_ops.workflow_delegations (
    id text PRIMARY KEY, instance_id text NOT NULL REFERENCES gloria_ops.workflow_instances,
    step_instance_id text NOT NULL REFERENCES gloria_ops.workflow_step_instances,
    delegated_from_id text NOT NULL REFERENCES gloria_ops.user_profiles,
    delegated_to_id text NOT NULL REFERENCES gloria_ops.user_profiles, reason text,
    expires_at timestamp(3), is_active boolean NOT NULL DEFAULT true, revoked_at timestamp(3),
    revoked_by text, created_at timestamp(3) NOT NULL DEFAULT now(),
    updated_at timestamp(3) NOT NULL);
CREATE TABLE gloria_ops.workflow_escalations (
    id text PRIMARY KEY, instance_id text NOT NULL REFERENCES gloria_ops.workflow_instances,
    step_instance_id text NOT NULL REFERENCES gloria_ops.workflow_step_instances,
    escalated_from_id text NOT NULL REFERENCES gloria_ops.user_profiles,
    escalated_to_id text NOT NULL REFERENCES gloria_ops.user_profiles,
    level text NOT NULL DEFAULT '1', reason text, escalated_by text NOT NULL,
    escalated_at timestamp(3) NOT NULL DEFAULT now(), resolved_at timestamp(3));
CREATE TABLE gloria_ops.workflow_transitions (
    id text PRIMARY KEY, instance_id text NOT NULL REFERENCES gloria_ops.workflow_instances,
    from_step integer NOT NULL, to_step integer NOT NULL,
    transition_type gloria_ops."TransitionType" NOT NULL, condition jsonb,
    transitioned_at timestamp(3) NOT NULL DEFAULT now(), transitioned_by text);
CREATE TABLE gloria_ops.workflow_history (
    id text PRIMARY KEY, workflow_id text NOT NULL REFERENCES gloria_ops.workflows,
    version integer NOT NULL, changes jsonb NOT NULL, changed_by text NOT NULL,
    changed_at timestamp(3) NOT NULL DEFAULT now(), reason text);

INSERT INTO gloria_master.data_karyawan (nip, nama, email)
SELECT 'n-' || who, initcap(who), CASE who WHEN 'ann' THEN 'Shared@School.example'
    WHEN 'zed' THEN 'shared@school.EXAMPLE' WHEN 'cat' THEN 'a@b, c@d.example' WHEN 'dan' THEN NULL
    ELSE who || '@school.example' END
FROM unnest(ARRAY['ann', 'bob', 'cat', 'dan', 'zed', 'gus', 'boss', 'top', 'maker', 'req']) who;
INSERT INTO gloria_ops.user_profiles (id, nip, clerk_user_id, is_active, updated_at)
SELECT substr(nip, 3), nip, 'clerk-' || nip, nip <> 'n-gus', now() FROM gloria_master.data_karyawan;
INSERT INTO gloria_ops.roles (id, code, name, hierarchy_level, is_active) VALUES
    ('r-fin', 'FIN', 'Finance', 1, true), ('r-old', 'OLD', 'Old', 1, false),
    ('r-own', 'OWN', 'Own', 1, true), ('r-none', 'NONE', 'None', 1, true);
INSERT INTO gloria_ops.user_roles
    (id, user_profile_id, role_id, valid_from, valid_until, is_active) VALUES
    ('ur1', 'bob', 'r-fin', '2020-01-01', NULL, true),
    ('ur2', 'cat', 'r-fin', '2020-01-01', '2099-01-01', true),
    ('ur3', 'dan', 'r-fin', '2020-01-01', '2024-01-01', true),
    ('ur4', 'zed', 'r-fin', '2020-01-01', NULL, false),
    ('ur5', 'gus', 'r-fin', '2020-01-01', NULL, true),
    ('ur6', 'bob', 'r-old', '2020-01-01', NULL, true),
    ('ur7', 'req', 'r-own', '2020-01-01', NULL, true),
    ('ur8', 'top', 'r-fin', '2090-01-01', NULL, true);
INSERT INTO gloria_ops.positions (id, code, name, hierarchy_level, is_active) VALUES
    ('lead', 'LEAD', 'Lead', 3, true), ('head', 'HEAD', 'Head', 2, true),
    ('shut', 'SHUT', 'Shut', 2, false), ('top', 'TOP', 'Top', 1, true),
    ('a', 'RING_A', 'Ring A', 2, true), ('b', 'RING_B', 'Ring B', 2, true);
INSERT INTO gloria_ops.position_hierarchy (id, position_id, reports_to_id) VALUES
    ('h1', 'lead', 'shut'), ('h2', 'shut', 'head'), ('h3', 'head', 'top'), ('h4', 'a', 'b'),
    ('h5', 'b', 'a');
INSERT INTO gloria_ops.user_positions (id, user_profile_id, position_id, start_date, is_plt) VALUES
    ('u1', 'gus', 'lead', '2020-01-01', false), ('u2', 'boss', 'head', '2020-01-01', true),
    ('u3', 'zed', 'shut', '2020-01-01', false), ('u4', 'top', 'top', '2020-01-01', false),
    ('u5', 'req', 'lead', '2020-01-01', false), ('u6', 'dan', 'a', '2030-01-01', false);
INSERT INTO gloria_ops.approval_delegations (id, delegator_profile_id, delegate_profile_id, module,
    start_date, end_date, is_active, created_at, updated_at) VALUES
    ('d-now', 'ann', 'bob', NULL, '2020-01-01', '2099-01-01', true, now(), now()),
    ('d-hr', 'bob', 'ann', 'hr', '2020-01-01', '2099-01-01', true, now(), now()),
    ('d-other', 'bob', 'ann', 'no-such', '2020-01-01', '2099-01-01', true, now(), now()),
    ('d-late', 'ann', 'bob', NULL, '2090-01-01', '2099-01-01', true, now(), now()),
    ('d-gus', 'gus', 'bob', NULL, '2020-01-01', '2099-01-01', true, now(), now()),
    ('d-self', 'ann', 'ann', NULL, '2020-01-01', '2099-01-01', true, now(), now()),
    ('d-off', 'ann', 'bob', NULL, '2020-01-01', '2099-01-01', false, now(), now());
