#!/usr/bin/env bash
# Builds the image, starts it with Compose as a user would, in enhanced mode, and runs the conformance suite against it.
# Needs a Docker engine, and docker-compose or docker compose.
set -euo pipefail
cd "$(dirname "$0")/../.."
python="$PWD/.venv/bin/python"
export FAAS_MODE=enhanced FAAS_IMAGE=faaspool-executor COZE_LOOP_FAAS_PORT="${PORT:-18889}"
if docker compose version >/dev/null 2>&1; then compose=(docker compose); else compose=(docker-compose); fi
compose+=(--project-name faaspool-test --file compose/docker-compose.yml --profile faas)

cleanup() {
  status=$?
  if [ "$status" -ne 0 ]; then "${compose[@]}" logs --tail 50 || true; fi
  "${compose[@]}" down --timeout 5 >/dev/null 2>&1 || true
}
trap cleanup EXIT

make image
docker run --rm "$FAAS_IMAGE" --version
docker run --rm --read-only --cap-drop ALL "$FAAS_IMAGE" doctor
"${compose[@]}" up -d
"$python" -m pytest tests/e2e
"$python" -m pytest tests/conformance tests/security/abuse --url "http://127.0.0.1:$COZE_LOOP_FAAS_PORT"
