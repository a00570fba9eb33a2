# Playhouse in a container: one static binary and CA certificates, nothing else.
#
#   docker build --tag playhouse .
#   docker run --publish 127.0.0.1:8000:8000 --env OPENAI_API_KEY --env PLAYHOUSE_API_KEYS playhouse
#
# docs/deploy.md says more. The built-in frontend of BuildKit is enough.

FROM rust:1.95-slim-bookworm AS rust
WORKDIR /src
# A target that is named keeps the flags away from build scripts and procedural macros, which cannot be static.
ENV CARGO_BUILD_TARGET=host-tuple \
    CARGO_TERM_COLOR=never \
    RUSTFLAGS="-C target-feature=+crt-static"

# What decides about the dependencies: manifests, the lock file, cargo's settings, and which packages have a build
# script.
FROM rust AS manifests
COPY . .
RUN <<SH
set -eu
find . -type f ! -name Cargo.toml ! -name Cargo.lock ! -path './.cargo/*' \
    ! -path '*/src/lib.rs' ! -path '*/src/main.rs' ! -path '*/build/main.rs' -delete
find . -type d -empty -delete
find . -name lib.rs -exec truncate --size 0 {} +
echo 'fn main() {}' >/main.rs
find . -name main.rs -exec cp /main.rs {} \;
SH

FROM rust AS build
# This layer is kept while no manifest changes: files copied from a stage are compared by content. What was made
# from the empty sources is removed, as it is newer than the real ones and would pass for them.
COPY --from=manifests /src .
RUN cargo build --locked --profile image --package playhouse \
    && find target -name '*playhouse*' -prune -exec rm -rf {} +

COPY . .
ARG REVISION=unknown
RUN <<SH
set -eu
PLAYHOUSE_REVISION=$REVISION cargo build --locked --profile image --package playhouse
mkdir -p /image/etc/ssl/certs /image/licenses
cp target/*/image/playhouse /image/
cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/
cp LICENSE-* /image/licenses/
install --directory --mode 1777 /image/tmp
SH

FROM scratch
COPY --from=build /image /
# A volume that is made from this folder belongs to the user below.
COPY --from=build --chown=65532:65532 /image/tmp /var/lib/playhouse

ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="Playhouse" \
      org.opencontainers.image.description="Run LLM apps in production. Rehearse them without an LLM." \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"

USER 65532:65532
WORKDIR /var/lib/playhouse
VOLUME /var/lib/playhouse
# Beyond loopback the server listens only with API keys (PLAYHOUSE_API_KEYS), or when told to.
ENV PLAYHOUSE_LISTEN=0.0.0.0:8000 \
    PLAYHOUSE_DATA_DIR=/var/lib/playhouse
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=4s --start-period=10s --retries=3 CMD ["/playhouse", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/playhouse"]
CMD ["serve"]
