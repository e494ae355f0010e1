"""The wire of the control socket: every request and answer, as `hr` and `hrd` both know them.

HTTP/1.1 with JSON bodies on a Unix socket. A `Route` names one conversation: how it is asked for, with what, and what comes
back. What a GET asks stands in its query (and in `{…}` parts of its path), what a POST asks is its JSON body. Every refusal
is a 4xx or 5xx with `Refused` as its body.

| route | asks | answers |
|---|---|---|
| GET /v1/status | | `Status` |
| GET /v1/version | | `Version` |
| POST /v1/restart | | `Restarted` |
| POST /v1/stop | `StopRequest` | `Stopping` |
| GET /v1/auth | `AuthQuestion` | `AuthList` |
| POST /v1/auth | `AuthAdd` | `AuthAdded` |
| POST /v1/auth/remove | `AuthRemove` | `AuthRemoved` |
| POST /v1/auth/account | `AuthAccount` | `AuthAccountSet` |
| POST /v1/auth/import | `LoginImport` | `LoginImported` |
| POST /v1/auth/login | `LoginWish` | one `LoginStep` a line; an empty line every few seconds |
| GET /v1/mode | | `Modes` |
| POST /v1/mode | `ModeChange` | `Modes` |
| GET /v1/models | `ModelsQuestion` | `Models` |
| POST /v1/models/set | `ModelsChange` | `ModelsChanged` |
| POST /v1/models/reset | `ModelsReset` | `ModelsChanged` |
| GET /v1/keys | `KeysQuestion` | `Keys` |
| POST /v1/keys | `KeyCreate` | `KeyCreated` |
| POST /v1/keys/revoke | `KeyRevoke` | `KeyRevoked` |
| GET /v1/limits | | `Limits` |
| POST /v1/limits/set | `LimitSet` | `ClientLimits` |
| POST /v1/limits/clear | `LimitClear` | `ClientLimits` |
| GET /v1/usage | `UsageQuestion` | `Usage` |
| GET /v1/quota | | `Quota` |
| GET /v1/forecast | | `Forecast` |
| POST /v1/reset | `ResetRequest` | `ResetDone` |
| GET /v1/logs | `LogsQuestion` | `Logs` |
| GET /v1/logs/follow | `LogsQuestion` | one `Exchange` a line as it ends; an empty line every few seconds |
| GET /v1/why/{request_id} | `WhyQuestion` | `Why` |
| GET /v1/doctor | | `Diagnosis` |
| GET /v1/providers | | `KnownProviders` |
| POST /v1/models/reasoning | `ReasoningFound` | `ReasoningNoted` |

Answers grow, they do not change. So what may grow a new word (a state, a reason) is a plain string in an answer, with the
words of today in an enum beside it, and a reader takes fields that it does not know. Times are Unix seconds; `now` is the
daemon's own, so that "in 4 min" is counted by one clock.
"""
