# A small image: a virtual environment without pip, built from the hash-locked requirements; no compiler, no test tools, no root.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv --without-pip /opt/mic2mqtt
# dependencies first: they change less often than the code
COPY requirements/ requirements/
RUN pip --python /opt/mic2mqtt/bin/python install --require-hashes --only-binary :all: -r requirements/runtime.lock \
 && pip install --require-hashes --only-binary :all: -r requirements/build.lock
COPY pyproject.toml README.md LICENSE ./
COPY bridge/ bridge/
COPY services/ services/
RUN python -m hatchling build -t wheel \
 && pip --python /opt/mic2mqtt/bin/python install --no-deps --no-index dist/*.whl

FROM python:3.13-slim
LABEL org.opencontainers.image.title="mic2mqtt" \
      org.opencontainers.image.description="Wireless microphone receivers on MQTT" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/mic2mqtt --create-home --shell /usr/sbin/nologin mic2mqtt
COPY --from=build /opt/mic2mqtt /opt/mic2mqtt
# The port is published by whoever runs the container, so it listens on all of the container's addresses.
ENV PATH=/opt/mic2mqtt/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MIC2MQTT_DATABASE__URL=sqlite:////var/lib/mic2mqtt/mic2mqtt.db \
    MIC2MQTT_HTTP__LISTEN=0.0.0.0:8099
USER 10001:10001
WORKDIR /var/lib/mic2mqtt
VOLUME /var/lib/mic2mqtt
EXPOSE 8099
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8099/healthz', timeout=4)"]
ENTRYPOINT ["mic2mqtt"]
CMD ["run"]
