# The server in a small image, without a shell and without root.
#
#   docker build -t actix-simplejwt .
#   docker run --rm -e SECRET_KEY=… -e DATABASE_URL=… actix-simplejwt migrate
#   docker run --rm -it -e SECRET_KEY=… -e DATABASE_URL=… actix-simplejwt createsuperuser
#   docker run -p 8000:8000 -e SECRET_KEY=… -e DATABASE_URL=… actix-simplejwt
#
# With TLS to PostgreSQL (`sslmode=require` and above): docker build --build-arg FEATURES=postgres-tls …

FROM rust:1.89-slim-bookworm AS build
ARG FEATURES=""
# perl and make compile OpenSSL, for postgres-tls alone. Versions are those of the base image's release.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --no-install-recommends -y gcc libc6-dev make perl \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin manage --features "$FEATURES" \
    && install -D target/release/manage /image/manage \
    && install -d -m 0700 /image/data

# glibc and certificates, and nothing else: SQLite, libpq and OpenSSL are inside the program.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /image/manage /usr/local/bin/manage
COPY --from=build --chown=65532:65532 /image/data /data
WORKDIR /data
VOLUME /data
ENV BIND=0.0.0.0:8000 \
    DATABASE_URL=sqlite:///data/db.sqlite3
EXPOSE 8000
# `nonroot`, as a number so that an orchestrator can tell that it is not root.
USER 65532:65532
# The server is process 1, and stops gracefully at SIGTERM.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/manage"]
CMD ["runserver"]
