# The image: the program, the C library files it loads, CA certificates, and nothing else: no shell, no package manager.
#
#   docker build --tag user-registry .
#   docker run --read-only --cap-drop=all --publish 127.0.0.1:8080:8080 --volume registry:/data \
#     --env USER_REGISTRY_PUBLIC_URL=http://localhost:8080 user-registry

# Any image with this compiler (rust-toolchain.toml), a C compiler, glibc and CA certificates. An older Debian here would
# run on no more machines: the image brings its own glibc.
ARG BUILDER=docker.io/library/rust:1.95.0-slim-bookworm

FROM ${BUILDER} AS build
WORKDIR /source
COPY . .
# The caches outlive a build, so the next one compiles only what changed. `/image` becomes the image; what the program
# loads is asked of the loader, so a new library cannot be forgotten.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --bin user-registry \
 && install -D target/release/user-registry --target-directory=/image/bin \
 && ldd /image/bin/user-registry | grep -o '/[^ ]*' | xargs -I{} install -D {} /image{} \
 && install -D --mode=644 /etc/ssl/certs/ca-certificates.crt --target-directory=/image/etc/ssl/certs \
 && install -d --mode=700 /owned/data

FROM scratch
LABEL org.opencontainers.image.title="User registry" \
      org.opencontainers.image.description="A web API and pages for registering users and signing them in" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /image /
# The one place that is written to. A volume that is new takes over its owner.
COPY --from=build --chown=65532:65532 /owned /
VOLUME /data
# A user without a name: there is no /etc/passwd.
USER 65532:65532
# SQLite puts a large sort into a file here, for there is no /tmp.
WORKDIR /data
ENV PATH=/bin \
    USER_REGISTRY_LISTEN=0.0.0.0:8080 \
    USER_REGISTRY_DATA_DIR=/data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["/bin/user-registry", "healthcheck"]
ENTRYPOINT ["/bin/user-registry"]
CMD ["serve"]
