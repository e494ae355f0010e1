"""A month of traffic in seconds: the daemon's own pool over a model of the providers that imports nothing of the router.

`python -m tests.simulation` (`make simulate`) runs a month at three loads with three strategies and writes the tables into
bench/RESULTS.md. What happens in a month is drawn from a seed, which is printed; the same seed makes the same month.

| module | |
|---|---|
| windows, providers, wording | The providers as they really are: what they enforce, and the bytes they say it in |
| tiers, troubles, traffic | One month: who there is to ask, what goes wrong, who asks for what and when |
| clock | What happens next |
| ours, turns, oracle | The three strategies: the daemon's pool, round-robin, and somebody who knows everything |
| bound | What nobody can serve more than |
| verdicts, tally | What is counted, and what each refusal is put down to |
| month, tables | A month from its beginning to its figures, and how they are written down |
"""
