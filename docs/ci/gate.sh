#!/bin/sh
# The gate of a pull request: sh docs/ci/gate.sh BASELINE [GIT_REF]
#
# Accuracy and size against a saved baseline; where GIT_REF is given, speed and memory against it, in turns on this
# machine. Ends with 1 where something got worse, else with the first code that is not 0: see docs/regression.md.
set -u
bench=${BENCH:-.venv/bin/bench}
suite=${SUITE:-regression_digits}
summary=${GITHUB_STEP_SUMMARY:-/dev/stdout}
baseline=${1:?"usage: sh docs/ci/gate.sh BASELINE [GIT_REF]"}
ref=${2:-}

$bench run "$suite" --out results/gate >&2
ran=$?
if [ "$ran" -ne 0 ] && [ "$ran" -ne 3 ]; then exit "$ran"; fi # 3: some cells have no number, which compare judges

$bench compare "$baseline" results/gate --format github \
  --fail-on accuracy:ci --fail-on trainable_params:0 --fail-on checkpoint_bytes:0 >>"$summary"
records=$?

speed=0
if [ -n "$ref" ]; then
  $bench duel throughput --base "$ref" --format github >>"$summary"
  speed=$?
fi

echo "gate: records $records, speed $speed" >&2
if [ "$records" -eq 1 ] || [ "$speed" -eq 1 ]; then exit 1; fi
if [ "$records" -ne 0 ]; then exit "$records"; fi
exit "$speed"
