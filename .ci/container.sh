#!/usr/bin/env bash
# Builds the image without a Docker engine and without an image registry: buildah on a base made here of Debian and of Node from npm.
# Root on Debian or Ubuntu with buildah, podman, runc and debootstrap. Everything is kept under .cache/containers, the base for next time.
# Layers are overlays; where the file system or the kernel refuses those (a container in a container), vfs copies them whole instead.
#   .ci/container.sh build          builds localhost/latchkey:test
#   .ci/container.sh podman ARGS    runs podman on the same store
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cache=$PWD/.cache/containers
mkdir -p "$cache"

can_overlay() {
  local try=$cache/overlay-try
  mkdir -p "$try/lower" "$try/upper" "$try/work" "$try/merged"
  if mount -t overlay overlay -o "lowerdir=$try/lower,upperdir=$try/upper,workdir=$try/work" "$try/merged" 2>/dev/null; then
    umount "$try/merged" && rm -rf "$try"
  else
    rm -rf "$try" && return 1
  fi
}
driver=${STORAGE_DRIVER-}
if [ -z "$driver" ]; then
  if can_overlay; then driver=overlay; else driver=vfs; fi
fi
# Each driver keeps its own store: neither reads the other's.
folder=$cache/store
if [ "$driver" != overlay ]; then folder=$cache/store-$driver; fi
storage=(--root "$folder" --runroot "$cache/run" --storage-driver "$driver")

# Debian's crun wants limits and control groups that a container in a container does not have; runc with these does.
cat >"$cache/containers.conf" <<'CONF'
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
CONF
export CONTAINERS_CONF=$cache/containers.conf

base=docker.io/library/node:24-slim
node_version=$(sed -n 's/^node_version=//p' latchkey)

# What node:24-slim is to us: Debian bookworm with node, npm and nothing else.
build_base() {
  local root=$cache/root context=$cache/base arch
  arch=$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
  rm -rf "$root" "$context"
  mkdir -p "$context"
  debootstrap --variant=minbase bookworm "$root" >"$cache/debootstrap.log"
  # The Node that runs this, where it is the image's; otherwise the same from the registry.
  local node npm
  node=$(command -v node) npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  if [ "$("$node" --version)" != "v$node_version" ] || [ ! -f "$npm/bin/npm-cli.js" ]; then
    npm install --prefix "$cache/node" --no-save --no-package-lock --no-audit --no-fund --loglevel=error --ignore-scripts \
      "node-linux-$arch@$node_version" npm@11
    node=$cache/node/node_modules/node-linux-$arch/bin/node npm=$cache/node/node_modules/npm
  fi
  install -m 0755 "$node" "$root/usr/local/bin/node"
  mkdir -p "$root/usr/local/lib/node_modules" "$root/usr/local/etc"
  cp -r "$npm" "$root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  tar -C "$root" -cf "$context/root.tar" .
  printf 'FROM scratch\nADD root.tar /\nCMD ["node"]\n' >"$context/Dockerfile"
  buildah "${storage[@]}" bud --isolation chroot --format docker -t "$base" "$context"
  rm -rf "$root" "$context" "$cache/node"
}

# The builder's npm reaches the registry as this machine's does; none of it is left in the image.
npm_settings() {
  local authorities
  for authorities in "$(npm config get cafile 2>/dev/null)" "${NODE_EXTRA_CA_CERTS-}" "${SSL_CERT_FILE-}" /etc/ssl/certs/ca-certificates.crt; do
    if [ -s "$authorities" ]; then break; fi
  done
  printf 'registry=%s\n' "$(npm config get registry 2>/dev/null)"
  if [ -s "$authorities" ]; then
    install -m 0644 "$authorities" "$cache/authorities.pem"
    printf 'cafile=/run/authorities.pem\n'
  else
    : >"$cache/authorities.pem"
  fi
}

build() {
  buildah "${storage[@]}" inspect --type image "$base" >/dev/null 2>&1 || build_base
  npm_settings >"$cache/npmrc"
  buildah "${storage[@]}" bud --pull-never --isolation chroot --layers --format docker -t localhost/latchkey:test \
    -v "$cache/npmrc:/usr/local/etc/npmrc:ro" -v "$cache/authorities.pem:/run/authorities.pem:ro" .
}

case ${1-} in
  build) build ;;
  podman) shift && exec podman "${storage[@]}" "$@" ;;
  *) sed -n '2,6p' "${BASH_SOURCE[0]}" >&2 && exit 2 ;;
esac
