#!/bin/sh
# Sets up what a machine lacks to run functions in containers:
#
#   setup.sh engine                   a Docker engine: found, or installed and started
#   setup.sh image ARCH RIE UV...     the Lambda image of x86_64 or arm64: kept, pulled, or made from packages
#   setup.sh packages NEED NAME...    Debian packages; NEED tells a person what they are for
#
# RIE is SAM's copy of the runtime interface emulator, UV the command that uv's arguments follow. Only root on a
# Debian-like system has anything installed. Progress goes to stderr; what can't be done, and what to do
# instead, goes to stdout, with status 1.
set -eu

PYTHON=3.13
SUITE=trixie # the Debian release with this Python
LABEL=pypi-pulse.stand-in-image
ENGINE_LOG=/var/log/pypi-pulse-dockerd.log
HERE=$(dirname "$0")
export DEBIAN_FRONTEND=noninteractive

log=$(mktemp)
made=
trap 'rm -rf "$log" ${made:+"$made"}' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf '%s\n' "$*" >&2; }
fail() { printf '%s\n' "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
installs() { [ "$(id -u)" -eq 0 ] && has apt-get; }

# run SECONDS COMMAND...: ends with the command's last words if it fails. In the foreground, where signals reach it.
run() {
  limit=$1; shift
  timeout --foreground "$limit" "$@" >"$log" 2>&1 || fail "$1 failed:
$(tail -n 10 "$log")"
}

packages() {
  need=$1; shift
  installs || fail "$need. Install it the way this system does, or run this as root on a Debian-like machine," \
    "where it is installed automatically."
  say "$need: installing $* with apt-get"
  timeout --foreground 600 apt-get update >"$log" 2>&1 || true # without a mirror, the lists that are there may do
  run 600 apt-get install --yes --no-install-recommends "$@"
}

# Asks the engine, not only its client.
answers() { has docker && timeout --foreground 20 docker info --format '{{.ServerVersion}}' >"$log" 2>&1; }

engine() {
  if answers; then return; fi
  why="No Docker engine answers ($(tail -n 1 "$log" | grep . || echo "no docker program on the PATH"))."
  [ -z "${DOCKER_HOST:-}" ] ||
    fail "$why DOCKER_HOST is $DOCKER_HOST: start the engine there, or unset DOCKER_HOST."
  if grep -qi 'permission denied' "$log"; then
    fail "$why It seems to run, but user $(id -u) may not use it: add the user to the group \`docker\` and log in" \
      "again, or run this as root."
  fi
  [ "$(id -u)" -eq 0 ] ||
    fail "$why Start Docker, or run this as root on a Debian-like machine, where Docker is installed and started" \
      "automatically."
  install_engine
  if ! answers; then start_engine; fi # its package may have started it
}

install_engine() {
  # dockerd writes network rules with iptables, which its package only recommends.
  missing="$(has dockerd || echo docker.io) $(has iptables || echo iptables)"
  if ! has docker && installs; then
    timeout --foreground 600 apt-get update >"$log" 2>&1 || true
    # A package of its own since Debian 13; before, docker.io has it.
    missing="$missing $(apt-cache show docker-cli >/dev/null 2>&1 && echo docker-cli || echo docker.io)"
  fi
  # shellcheck disable=SC2086 # a list
  set -- $missing
  [ $# -eq 0 ] || packages "No Docker engine is installed" "$@"
}

start_engine() {
  if has systemctl && systemctl start docker >/dev/null 2>&1; then
    stop="systemctl stop docker"
    daemon=$$ # systemd watches it
  else
    say "Starting dockerd, which keeps running; its log is $ENGINE_LOG"
    setsid dockerd </dev/null >"$ENGINE_LOG" 2>&1 &
    daemon=$!
    stop="kill \$(cat /var/run/docker.pid)"
  fi
  tries=300
  while [ "$tries" -gt 0 ]; do
    # Checked first: this dockerd ends if its package has just started another one.
    if kill -0 "$daemon" 2>/dev/null; then tries=$((tries - 1)); else tries=0; fi
    if answers; then
      say "The Docker engine is ready. To stop it: $stop"
      return
    fi
    sleep 0.2
  done
  fail "dockerd does not start; $ENGINE_LOG ends with:
$(tail -n 5 "$ENGINE_LOG")"
}

image() {
  arch=$1 rie=$2
  shift 2
  name=public.ecr.aws/lambda/python:$PYTHON-$arch
  recipe=$(cat "$0" "$HERE/requirements.txt" | sha256sum | cut -c 1-16)
  old=
  if label=$(docker image inspect --format "{{index .Config.Labels \"$LABEL\"}}" "$name" 2>"$log"); then
    case $label in '' | "$recipe") return ;; esac # the official image, or today's replacement
    say "The replacement of $name is out of date"
    old=$(docker image inspect --format '{{.Id}}' "$name")
  fi
  say "Pulling $name"
  if ! timeout --foreground 180 docker pull --quiet "$name" >"$log" 2>&1; then
    say "It can't be pulled ($(tail -n 1 "$log")): making a replacement, which takes about a minute"
    make_image "$@"
  fi
  # SAM would go on using the image that it has derived from the last one.
  docker image rm --force "public.ecr.aws/lambda/python:$PYTHON-rapid-$arch" >"$log" 2>&1 || true
  [ -z "$old" ] || docker image rm "$old" >"$log" 2>&1 || true
  say "$name is ready"
}

make_image() {
  installs || fail "Making a replacement needs root on a Debian-like machine, since it runs debootstrap." \
    "Elsewhere, get the official image: docker pull $name"
  # An older keyring may lack the release's key.
  packages "The image is made with debootstrap" debootstrap debian-archive-keyring gpgv
  mirror=${DEBIAN_MIRROR:-$(apt_mirror)}
  [ -n "$mirror" ] ||
    fail "apt's sources name no Debian archive to take packages from: set DEBIAN_MIRROR to the base URL of one."
  debian=$(printf %s "$arch" | sed 's/x86_64/amd64/')
  wheels=$(cat "$HERE/../../functions/architectures/$arch/platform")
  made=$(mktemp -d /var/tmp/pypi-pulse-image-XXXXXX) # /tmp is often mounted without devices
  root=$made/root
  say "Installing Debian $SUITE with Python $PYTHON into a new root"
  scripts=/usr/share/debootstrap/scripts
  # An older debootstrap lacks the release's script; sid's serves every recent one.
  script=
  [ -e "$scripts/$SUITE" ] || script=$scripts/sid
  # In a mount namespace of its own, debootstrap can't leave /proc mounted below a folder that is to be removed.
  run 900 unshare --mount debootstrap --variant=minbase --arch="$debian" --include=python3,ca-certificates \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg "$SUITE" "$root" "$mirror" ${script:+"$script"}
  say "Adding AWS's runtime client, its emulator of Lambda, and boto3"
  mkdir -p "$root/var/runtime" "$root/var/task" "$root/opt/python"
  run 300 "$@" pip install --quiet --require-hashes --only-binary :all: --python-platform "$wheels" \
    --python-version "$PYTHON" --target "$root/var/runtime" --requirements "$HERE/requirements.txt"
  # The order of the path is Lambda's: the function, its layers, the runtime's own.
  cat >"$root/var/runtime/bootstrap" <<EOF
#!/bin/sh
export PYTHONPATH="/var/task:/opt/python/lib/python$PYTHON/site-packages:/opt/python:/var/runtime\${PYTHONPATH:+:\$PYTHONPATH}"
exec python$PYTHON -m awslambdaric "\$_HANDLER"
EOF
  chmod 755 "$root/var/runtime/bootstrap"
  install -D -m 755 "$rie" "$root/usr/local/bin/aws-lambda-rie"
  # Lambda's own runtime is compiled too.
  run 300 chroot "$root" "python$PYTHON" -m compileall -q -j0 --invalidation-mode unchecked-hash /var/runtime
  say "Importing it into Docker"
  run 300 tar --create --file "$made/image.tar" --directory "$root" --numeric-owner --sort=name --mtime=@0 \
    --exclude='./usr/share/doc/*' --exclude='./usr/share/locale/*' --exclude='./usr/share/man/*' \
    --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' --exclude='./var/log/*' .
  # As the official image has it.
  run 300 docker import --platform "linux/$debian" --change "LABEL $LABEL=$recipe" \
    --change "ENV LANG=C.UTF-8" --change "ENV TZ=:UTC" \
    --change "ENV PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" \
    --change "ENV LAMBDA_TASK_ROOT=/var/task" --change "ENV LAMBDA_RUNTIME_DIR=/var/runtime" \
    --change "WORKDIR /var/task" \
    --change 'ENTRYPOINT ["/usr/local/bin/aws-lambda-rie", "/var/runtime/bootstrap"]' \
    "$made/image.tar" "$name"
}

# The archive that apt is set up with: other vendors' have another origin, security updates another label.
apt_mirror() {
  # shellcheck disable=SC2016 # apt's own fields
  site=$(apt-get indextargets --format '$(SITE)|$(ORIGIN)|$(LABEL)|$(COMPONENT)' 'Created-By: Packages' 2>"$log" |
    sed -n 's/|Debian|Debian|main$//p' | head -n 1)
  case $site in
    # Cloud images name a file that lists mirrors, best first.
    mirror+file:*) grep -m 1 -o '^[a-z]*://[^[:space:]]*' "${site#mirror+file:}" || true ;;
    *) printf '%s\n' "$site" ;;
  esac
}

"$@"
