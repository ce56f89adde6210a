"""Column types used by every table."""

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import DateTime, ForeignKey, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import mapped_column
from uuid_utils import uuid7


def new_id() -> str:
    """A fresh UUIDv7 as text: ids that sort by the time they were made (RFC 9562)."""
    return str(uuid7())


def by_name(name: Any) -> Any:
    """Names in the order of a dictionary: whatever their capitals and marks, "Émile" by "Emil".

    So German (DIN 5007-1) and Indonesian order them, and English. No collation of ICU: the server
    that comes from a wheel is built without, and knows the order of bytes only.
    """
    return func.portal.plain(name)


Id = Annotated[str, mapped_column(Uuid(as_uuid=False), primary_key=True, default=new_id)]
Key = Annotated[str, mapped_column(Uuid(as_uuid=False))]
Time = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Now = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
Json = Annotated[dict[str, Any], mapped_column(JSONB, server_default="{}")]
UserKey = Annotated[str, mapped_column(Uuid(as_uuid=False), ForeignKey("portal.users.id"))]
