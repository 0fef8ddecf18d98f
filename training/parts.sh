#!/bin/sh
# Trains public/models/demo as it is, on a CPU: sh parts.sh OUT NOVELS. Each part goes on from the one before it; what has
# begun goes on where it was. README.md says what each is for.
set -e
part() {
  to=$1
  shift
  python train.py --out "$out/$to" --novels "$novels" --threads 2 --no-bf16 "$@"
  python export.py --checkpoint "$out/$to" --out "$out/$to/model"
}
out=$1 novels=$2
part a --preset cpu --seed 1 --tokens 16e6 --stop-after 2400 --looks 32 --rows 4 --no-say --alike 0
part b --from "$out/a/model" --seed 2 --tokens 9e6 --alike 0
part c --from "$out/b/model" --seed 3 --tokens 20e6
part d --from "$out/c/model" --seed 4 --tokens 7e6 --peak 0.5 --deepen 2 5
part e --from "$out/d/model" --seed 5 --tokens 8e6 --stop-after 400 --peak 0.5 --others 3 --compressed-every 2
part f --from "$out/e/model" --seed 6 --tokens 5.6e6 --peak 0.5 --others 3 --compressed-every 2 --copies 128 --again
part g --from "$out/f/model" --seed 7 --tokens 3.6e6 --peak 0.5 --deepen 8 --others 3 --compressed-every 4 --copies 128 --again \
  --copy-again --beyond
part h --from "$out/g/model" --seed 8 --tokens 2.4e6 --peak 0.5 --others 3 --compressed-every 4 --copies 128 --again --copy-again \
  --long --two-steps
part i --from "$out/h/model" --seed 9 --tokens 2.3e6 --peak 0.4 --others 2 --compressed-every 4 --copies 128 --again --copy-again \
  --long --short-every 4 --two-steps
part j --from "$out/i/model" --seed 10 --tokens 2.1e6 --peak 0.2 --decay-from 0.15 --others 3 --compressed-every 4 --copies 128 --again \
  --copy-again --longer --short-every 4 --two-steps
part k --from "$out/j/model" --seed 11 --tokens 1.5e6 --peak 0.2 --decay-from 0.15 --others 3 --compressed-every 8 --copies 128 --again \
  --copy-again --longer --short-every 4 --two-steps
python export.py --checkpoint "$out/k" --out "$out/k/model" --mean-with "$out/j/model"
