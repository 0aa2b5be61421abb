# The packages, without those that only develop and test.
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev --no-audit --no-fund

FROM node:24-slim
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json LICENSE ./
COPY migrations migrations
COPY public public
COPY views views
COPY src src
RUN printf '#!/bin/sh\nexec node --disable-warning=ExperimentalWarning /app/src/main.ts "$@"\n' > /usr/local/bin/latchkey \
  && chmod 0755 /usr/local/bin/latchkey \
  && install -d -o 10001 -g 10001 -m 0700 /data

# A container is reached from outside it alone; which port the world sees is decided where it is published.
ENV NODE_ENV=production LATCHKEY_LISTEN__ADDRESS=0.0.0.0 LATCHKEY_LISTEN__PORT=8080
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["node", "/app/src/healthy.ts"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["latchkey"]
CMD ["serve"]
