"""The one way in which a version of a type goes into force."""

from sqlalchemy import Connection, func, insert, select, update

from portal.domain.codec import encode
from portal.domain.policy.types import TypeContent
from portal.models import PolicyVersion, RequestType


def put_in_force(
    connection: Connection, type_id: str, content: TypeContent, version_id: str, actor_id: str
) -> int:
    """Insert the version and let new requests follow it; its number. The type's row is locked."""
    last = select(func.max(PolicyVersion.version)).where(PolicyVersion.request_type_id == type_id)
    number = (connection.scalar(last) or 0) + 1
    connection.execute(
        insert(PolicyVersion).values(
            id=version_id,
            request_type_id=type_id,
            version=number,
            name=content.name,
            description=content.description,
            form=encode(content.form),
            definition=encode(content.policy),
            translations=content.pruned().translations,
            published_at=func.now(),
            published_by=actor_id,
        )
    )
    in_force = {"policy_version_id": version_id, "name": content.name, "is_active": True}
    kind = update(RequestType).where(RequestType.id == type_id)
    connection.execute(kind.values(**in_force, description=content.description))
    return int(number)
