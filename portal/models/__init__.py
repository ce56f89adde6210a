"""The tables, one file for each group. Ids are UUIDv7, text in Python; times carry a zone."""

from portal.extensions import db
from portal.models.alarms import Alarm
from portal.models.api import ApiCall, ApiRate, ApiToken
from portal.models.attachments import Attachment
from portal.models.audit import (
    AuditAct,
    AuditAnchor,
    AuditBlock,
    AuditCheckpoint,
    AuditEvent,
    AuditIndex,
    AuditLeaf,
    AuditQueue,
    AuditText,
    AuditVerification,
    LogExport,
)
from portal.models.batches import Batch
from portal.models.changes import OrganisationChange, PeopleChange, PeopleImport, PeopleReview
from portal.models.channels import ChatChannel, ChatChannelChange
from portal.models.closures import Closure
from portal.models.commands import Command, Draft
from portal.models.delegations import Delegation
from portal.models.factors import (
    AuthenticatorApp,
    Challenge,
    Passkey,
    ProviderAccount,
    RecoveryCode,
    SignIn,
)
from portal.models.insights import (
    CountedDecisions,
    CountedRequests,
    CountedWeek,
    DecisionFact,
    DecisionFactChange,
    FactsDue,
    FirstLook,
    RequestFact,
    RequestFactChange,
)
from portal.models.links import Link, LinkRefusal, PasswordLink
from portal.models.messages import Message
from portal.models.notifications import MonthlyMail, Notification, NotificationPreference
from portal.models.organisation import MailText, Organisation, OrganisationLogo
from portal.models.people import Department, Group, GroupMember, User
from portal.models.policies import (
    Calendar,
    CalendarChange,
    PolicyVersion,
    RequestType,
    TypeBackTest,
    TypeChange,
    TypeDraft,
    TypeReader,
)
from portal.models.provisioning import ProvisionedGroup, ProvisionedPerson
from portal.models.requests import Comment, Participant, Request, Task
from portal.models.retention import LegalHold
from portal.models.saved_views import SavedView
from portal.models.schema import Check, SchemaRevision
from portal.models.sessions import SignInAttempt, UserSession
from portal.models.states import RequestState
from portal.models.streams import LogStream
from portal.models.system import WorkerHeartbeat, WorkflowHistory, WorkflowTrouble
from portal.models.validity import (
    DelegationHistory,
    DepartmentHistory,
    GroupHistory,
    GroupMemberHistory,
    TypeHistory,
    UserHistory,
)
from portal.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint

__all__ = [
    "Alarm",
    "ApiCall",
    "ApiRate",
    "ApiToken",
    "Attachment",
    "AuditAct",
    "AuditAnchor",
    "AuditBlock",
    "AuditCheckpoint",
    "AuditEvent",
    "AuditIndex",
    "AuditLeaf",
    "AuditQueue",
    "AuditText",
    "AuditVerification",
    "AuthenticatorApp",
    "Batch",
    "Calendar",
    "CalendarChange",
    "Challenge",
    "ChatChannel",
    "ChatChannelChange",
    "Check",
    "Closure",
    "Command",
    "Comment",
    "CountedDecisions",
    "CountedRequests",
    "CountedWeek",
    "DecisionFact",
    "DecisionFactChange",
    "Delegation",
    "DelegationHistory",
    "Department",
    "DepartmentHistory",
    "Draft",
    "FactsDue",
    "FirstLook",
    "Group",
    "GroupHistory",
    "GroupMember",
    "GroupMemberHistory",
    "LegalHold",
    "Link",
    "LinkRefusal",
    "LogExport",
    "LogStream",
    "MailText",
    "Message",
    "MonthlyMail",
    "Notification",
    "NotificationPreference",
    "Organisation",
    "OrganisationChange",
    "OrganisationLogo",
    "Participant",
    "Passkey",
    "PasswordLink",
    "PeopleChange",
    "PeopleImport",
    "PeopleReview",
    "PolicyVersion",
    "ProviderAccount",
    "ProvisionedGroup",
    "ProvisionedPerson",
    "RecoveryCode",
    "Request",
    "RequestFact",
    "RequestFactChange",
    "RequestState",
    "RequestType",
    "SavedView",
    "SchemaRevision",
    "SignIn",
    "SignInAttempt",
    "Task",
    "TypeBackTest",
    "TypeChange",
    "TypeDraft",
    "TypeHistory",
    "TypeReader",
    "User",
    "UserHistory",
    "UserSession",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WorkerHeartbeat",
    "WorkflowHistory",
    "WorkflowTrouble",
    "db",
]
