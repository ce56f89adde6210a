"""Where attached files lie: in a folder, or in a bucket of any S3-compatible store.

A file is put whole or not at all, under its id. Reading goes in parts, so that memory stays flat.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from portal.config import Settings

PART = 64 * 1024
_BUCKET_PART = 5 * 1024 * 1024


class StoreFull(Exception):
    """There is no room for the file."""


class StoreAway(Exception):
    """The store does not answer; trying again later may help."""


class FileGone(Exception):
    """There is no such file in the store."""


class FileStore(Protocol):
    """A place for files. Every method may raise StoreAway."""

    def put(self, key: str, file: IO[bytes]) -> None:
        """Keep what the file holds from where it stands; raises StoreFull."""

    def read(self, key: str) -> Iterator[bytes]:
        """The file in parts; raises FileGone."""

    def delete(self, key: str) -> None:
        """Forget a file, if it is there."""


@dataclass(frozen=True, slots=True)
class FolderStore:
    """Files in a folder of this machine, or of one that all web processes share."""

    directory: Path

    def path(self, key: str) -> Path:
        """A file's place. Ids of one moment begin alike, so their ends spread the folders."""
        return self.directory / key[-2:] / key

    def put(self, key: str, file: IO[bytes]) -> None:
        """Write it through to the disk."""
        path = self.path(key)
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as written:
                while part := file.read(PART):
                    written.write(part)
                written.flush()
                os.fsync(written.fileno())
        except OSError as error:
            with suppress(OSError):
                path.unlink()
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise (StoreFull if full else StoreAway)(str(error)) from error

    def read(self, key: str) -> Iterator[bytes]:
        """From the disk."""
        try:
            with self.path(key).open("rb") as file:
                while part := file.read(PART):
                    yield part
        except FileNotFoundError as error:
            raise FileGone(key) from error
        except OSError as error:
            raise StoreAway(str(error)) from error

    def delete(self, key: str) -> None:
        """Remove it."""
        try:
            self.path(key).unlink(missing_ok=True)
        except OSError as error:
            raise StoreAway(str(error)) from error


@dataclass(frozen=True, slots=True)
class Bucket:
    """How a bucket is reached. `url`: s3://bucket/prefix; `endpoint`: of a store that is not
    Amazon's. Without `key_id` the usual places are asked (environment, role of the machine)."""

    url: str
    endpoint: str = ""
    region: str = "us-east-1"
    key_id: str = ""
    key: str = ""


def store_of(settings: Settings) -> FileStore:
    """Where this installation keeps files."""
    if not settings.attachments_url:
        return FolderStore(settings.attachments_dir)
    return BucketStore(
        Bucket(
            url=settings.attachments_url,
            endpoint=settings.attachments_endpoint,
            region=settings.attachments_region,
            key_id=settings.attachments_key_id,
            key=settings.attachments_key,
        )
    )


class BucketStore:
    """Files in a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._store = _connection(bucket)

    def put(self, key: str, file: IO[bytes]) -> None:
        """Send it in parts, of which two are under way."""
        try:
            obstore.put(self._store, key, file, chunk_size=_BUCKET_PART, max_concurrency=2)
        except (BaseError, OSError) as error:
            raise StoreAway(str(error)[:300]) from error

    def read(self, key: str) -> Iterator[bytes]:
        """Fetch it in parts."""
        try:
            for part in obstore.get(self._store, key).stream(min_chunk_size=PART):
                yield bytes(part)
        except FileNotFoundError as error:
            raise FileGone(key) from error
        except (BaseError, OSError) as error:
            raise StoreAway(str(error)[:300]) from error

    def delete(self, key: str) -> None:
        """Remove it."""
        try:
            with suppress(FileNotFoundError):
                obstore.delete(self._store, key)
        except (BaseError, OSError) as error:
            raise StoreAway(str(error)[:300]) from error


@lru_cache(maxsize=4)
def _connection(bucket: Bucket) -> S3Store:
    """One for each process, made on first use: its threads do not survive a fork."""
    place = urlsplit(bucket.url)
    given: dict[str, Any] = {"region": bucket.region}
    if bucket.endpoint:
        given |= {"endpoint": bucket.endpoint, "virtual_hosted_style_request": False}
    if bucket.key_id:
        given |= {"access_key_id": bucket.key_id, "secret_access_key": bucket.key}
    options: Any = {"connect_timeout": "2s", "timeout": "30s"}
    if bucket.endpoint.startswith("http://"):
        options["allow_http"] = True
    backoff = {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1)}
    retries: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=5), "backoff": backoff}
    return S3Store(
        place.netloc,
        prefix=place.path.strip("/") or None,
        client_options=options,
        retry_config=retries,
        **given,
    )
