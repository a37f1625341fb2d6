# One image for every verb: `docker run IMAGE` is a worker, `docker run IMAGE pipelines/sweep.ts configs/math.yaml` a sweep.
# Debian, not Alpine: the binaries of onnxruntime-node are built against glibc.
ARG NODE_IMAGE=node:22.20.0-bookworm-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No dependency needs its install script: those that have one would download GPU libraries, which this image cannot use.
# Optional dependencies stay: the binaries of SQLite and esbuild are among them. Other systems' binaries are left out.
RUN npm ci --omit=dev --ignore-scripts --no-fund --no-audit \
  && cd node_modules/onnxruntime-node/bin/napi-v6 && rm -rf win32 darwin

# The dashboard's page is built with packages that the image itself does not have.
FROM ${NODE_IMAGE} AS page
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
RUN npm ci --ignore-scripts --no-fund --no-audit
COPY pipelines pipelines/
COPY src src/
RUN node --import tsx pipelines/build.ts

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules/
COPY package.json tsconfig.json ./
COPY configs configs/
COPY data data/
COPY pipelines pipelines/
COPY workers workers/
COPY src src/
COPY --from=page /app/dist dist/
# The code belongs to root; only what is written at run time belongs to the user. New named volumes take these owners.
RUN mkdir -p runs data/cache data/worker && chown 1000:1000 runs data/cache data/worker
# By number, so that Kubernetes can see that it is not root. It is `node` in this image.
USER 1000:1000
# Node itself, not npm, is process 1: npm would keep SIGTERM from the worker, which then could not save its run.
# Start it with --init (compose: `init: true`), so that a signal that comes before Node listens also ends it.
ENTRYPOINT ["node", "--import", "tsx"]
CMD ["workers/worker.ts"]
# No HEALTHCHECK here: a sweep and a worker have no port. What serves has one in compose.yaml; a worker that has died is
# seen by its exit, and one that hangs by `npm run workers`.
