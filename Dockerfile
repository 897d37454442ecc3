# The operator's image. `make image` builds it; README.md says what to give it.
#
# NODE has Node 24 and npm. Of it only the program `node` comes along.
# BASE is what the image is: a system with librados and librbd of Ceph 20.2.4 or newer, or a Debian (or Ubuntu) that has
# these to install: docker.io/library/debian:forky-slim, quay.io/ceph/ceph:v20.2.4.
ARG NODE=docker.io/library/node:24-trixie-slim
ARG BASE=docker.io/library/debian:forky-slim

FROM ${NODE} AS packages
WORKDIR /opt/ceph-openstack-operator
COPY package.json package-lock.json .npmrc ./
# .npmrc keeps install scripts from running: koffi brings its native part ready made, and ssh2 does without one.
# A registry of your own: --secret id=npmrc,src=$HOME/.npmrc
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm ci --omit=dev --no-progress && \
    npm pkg delete devDependencies scripts && \
    mkdir sbom && npm sbom --sbom-format=cyclonedx >sbom/npm.cdx.json && \
    find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete && \
    rm .npmrc package-lock.json

FROM ${BASE} AS libraries
RUN set -eu; \
    if ! ldconfig -p | grep -q 'librbd\.so\.1 '; then \
      export DEBIAN_FRONTEND=noninteractive; \
      apt-get update -qq; \
      apt-get install -qq -y --no-install-recommends librados2 librbd1; \
      rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/ldconfig/aux-cache /var/log/apt /var/log/dpkg.log; \
    fi; \
    version=$(dpkg-query --show --showformat='${Version}' librbd1 2>/dev/null || rpm -q --queryformat '%{VERSION}' librbd1); \
    if [ "$(printf '%s\n' 20.2.4 "$version" | sort -V | head -n 1)" != 20.2.4 ]; then \
      echo "BASE has librbd of Ceph $version, and 20.2.4 or newer is needed: clusters of that age refuse older ones." >&2; \
      exit 1; \
    fi

# What the base's packages are, where debsbom is at hand. Of others a scanner (syft, trivy) reads it from the image.
FROM libraries AS sbom
RUN set -eu; \
    mkdir -p /sbom /before/var/lib; \
    if [ -d /var/lib/dpkg ]; then \
      cp -a /var/lib/dpkg /before/var/lib/; \
      export DEBIAN_FRONTEND=noninteractive; \
      apt-get update -qq; \
      apt-get install -qq -y --no-install-recommends debsbom python3-cyclonedx-lib; \
      debsbom generate --sbom-type cdx --root /before --distro-name ceph-openstack-operator --out /sbom/debian; \
    fi

FROM libraries
COPY --from=packages /usr/local/bin/node /usr/local/bin/node
COPY --from=packages /opt/ceph-openstack-operator /opt/ceph-openstack-operator
COPY --from=sbom /sbom /opt/ceph-openstack-operator/sbom
WORKDIR /opt/ceph-openstack-operator
COPY LICENSE ./
COPY src src
# Loading everything once, as the user who will, keeps what Node makes of it: it then starts in half the time.
# And it shows that the native parts load.
RUN set -eu; \
    ln -s /opt/ceph-openstack-operator/src/main.ts /usr/local/bin/ceph-openstack-operator; \
    install -d -o 65532 -g 65532 compiled; \
    export NODE_COMPILE_CACHE=$PWD/compiled; \
    as_user='setpriv --reuid=65532 --regid=65532 --clear-groups'; \
    $as_user ceph-openstack-operator caps >/dev/null; \
    $as_user node --eval "for (const name of ['librados.so.2', 'librbd.so.1']) require('koffi').load(name)"; \
    chown -R root:root compiled; chmod -R a+rX compiled
ENV NODE_COMPILE_CACHE=/opt/ceph-openstack-operator/compiled NODE_ENV=production
USER 65532:65532
ENTRYPOINT ["ceph-openstack-operator"]
ARG VERSION=0.0.0
ARG REVISION=
LABEL org.opencontainers.image.title="ceph-openstack-operator" \
      org.opencontainers.image.description="Keeps OpenStack wired to Ceph" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
