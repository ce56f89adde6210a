# The pages and the worker in one image: docker build -t gloria-approvals .
# docs/deployment.md says how it is run; docker-compose.yml does.
FROM python:3.11-slim-bookworm AS packages
WORKDIR /srv/gloria
COPY requirements/production.txt requirements/production.txt
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes \
       --requirement requirements/production.txt

FROM python:3.11-slim-bookworm
# pg_dump and psql for scripts/backup and scripts/restore, of the version that docker-compose.yml
# gives the database: an older pg_dump reads no newer server, a newer one writes what it cannot take.
# Debian has one version only, PostgreSQL's own packages have each.
ARG POSTGRES=16
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install --yes --no-install-recommends "postgresql-client-$POSTGRES" \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --home-dir /srv/gloria gloria \
    && install -d -m 700 -o gloria -g gloria /var/lib/gloria/attachments /var/lib/gloria/audit \
       /var/lib/gloria/key /var/backups/gloria
WORKDIR /srv/gloria
COPY --from=packages /srv/gloria/.venv .venv
COPY worker.py ./
COPY portal portal
COPY templates templates
COPY static static
COPY migrations migrations
COPY scripts scripts
COPY deploy deploy
ENV PATH=/srv/gloria/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FLASK_APP=portal.app \
    ENVIRONMENT=production \
    ATTACHMENTS_DIR=/var/lib/gloria/attachments \
    BACKUPS_DIR=/var/backups/gloria
USER gloria
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=40s --retries=3 \
    CMD ["python", "deploy/healthy.py"]
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", "0.0.0.0:8000", "portal.app:create_app()"]
