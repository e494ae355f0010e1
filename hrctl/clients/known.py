"""The clients that `hr connect` knows, as data: one entry each, in the order of its list.

Where each was looked up, and with which version it was tried, stands in docs/clients.md.
"""

from typing import Final

from hrctl.clients.shapes import Client, ConfigFile, Home, Member, Setting

OPENAI: Final = (("OPENAI_BASE_URL", "{base}"), ("OPENAI_API_KEY", "{secret}"))
CONTINUE: Final = Home("CONTINUE_GLOBAL_DIR", ".continue")
HERMES: Final = Home("HERMES_HOME", ".hermes")
LLM: Final = Home("LLM_USER_PATH", ".config/io.datasette.llm")

CLIENTS: Final = (
    Client(
        "openai",
        "OpenAI SDK",
        environment=OPENAI,
        example="""\
from openai import OpenAI

client = OpenAI()
reply = client.chat.completions.create(
    model="hermes-router", messages=[{"role": "user", "content": "Say hello."}]
)
print(reply.choices[0].message.content)""",
        notes=("The Responses API is there as well: client.responses.create(model=…, input=…).",),
    ),
    Client(
        "anthropic",
        "Anthropic SDK",
        environment=(("ANTHROPIC_BASE_URL", "{origin}"), ("ANTHROPIC_API_KEY", "{secret}")),
        example="""\
from anthropic import Anthropic

client = Anthropic()
reply = client.messages.create(
    model="hermes-router", max_tokens=1000, messages=[{"role": "user", "content": "Say hello."}]
)
print(reply.content[0].text)""",
        notes=("The address has no /v1 at its end: the SDK appends it.",),
    ),
    Client(
        "claude-code",
        "Claude Code",
        files=(
            ConfigFile(
                Home("CLAUDE_CONFIG_DIR", ".claude"),
                "settings.json",
                "json",
                (
                    Setting(("env", "ANTHROPIC_BASE_URL"), "{origin}"),
                    Setting(("env", "ANTHROPIC_AUTH_TOKEN"), "{key}"),
                ),
            ),
        ),
        example="claude -p 'Say hello.'",
        notes=(
            "Its models stay as they are chosen there: a claude-… that no provider of yours has is answered by whoever can.",
            "To have everybody asked in any case: claude --model hermes-router",
        ),
    ),
    Client(
        "codex",
        "Codex CLI",
        files=(
            ConfigFile(
                Home("CODEX_HOME", ".codex"),
                "config.toml",
                "toml",
                (
                    Setting(("model",), "hermes-router"),
                    Setting(("model_provider",), "hermes-router"),
                    Setting(
                        ("model_providers", "hermes-router"),
                        {
                            "name": "hermes-router",
                            "base_url": "{base}",
                            "wire_api": "responses",
                            "auth": {"command": "{hr}", "args": "{reveal}"},
                        },
                    ),
                ),
            ),
        ),
        example="codex exec 'Say hello.'",
        notes=(
            "It asks hr for the key when it starts.",
            'With the key in the environment instead: env_key = "HERMES_ROUTER_API_KEY" in place of the auth table, and',
            "export HERMES_ROUTER_API_KEY={secret}",
        ),
    ),
    Client(
        "hermes-agent",
        "Hermes Agent",
        files=(
            ConfigFile(
                HERMES,
                "config.yaml",
                "yaml",
                (
                    Setting(("model", "provider"), "hermes-router"),
                    Setting(("model", "default"), "hermes-router"),
                    Setting(
                        ("providers", "hermes-router"),
                        {
                            "base_url": "{base}",
                            "key_env": "HERMES_ROUTER_API_KEY",
                            "default_model": "hermes-router",
                        },
                    ),
                ),
            ),
            ConfigFile(HERMES, ".env", "env", (Setting(("HERMES_ROUTER_API_KEY",), "{key}"),)),
        ),
        example="hermes -z 'Say hello.'",
    ),
    Client(
        "aider",
        "aider",
        files=(
            ConfigFile(
                Home("", ""),
                ".aider.conf.yml",
                "yaml",
                (
                    Setting(("model",), "openai/hermes-router"),
                    Setting(("openai-api-base",), "{base}"),
                    Setting(("openai-api-key",), "{key}"),
                    Setting(("show-model-warnings",), False),
                ),
            ),
        ),
        example="aider --message 'Say hello.'",
        notes=("A .aider.conf.yml in the project's folder comes before the one in your home.",),
    ),
    Client(
        "llm",
        "llm",
        files=(
            ConfigFile(
                LLM,
                "extra-openai-models.yaml",
                "yaml",
                (
                    Setting(
                        (Member("model_id", "hermes-router"),),
                        {
                            "model_id": "hermes-router",
                            "model_name": "hermes-router",
                            "api_base": "{base}",
                            "api_key_name": "hermes-router",
                            "vision": True,
                            "supports_schema": True,
                            "supports_tools": True,
                        },
                    ),
                ),
            ),
            ConfigFile(LLM, "keys.json", "json", (Setting(("hermes-router",), "{key}"),)),
        ),
        example="llm -m hermes-router 'Say hello.'",
        notes=("To have it asked without -m: llm models default hermes-router",),
    ),
    Client(
        "open-webui",
        "Open WebUI",
        environment=(("OPENAI_API_BASE_URL", "{base}"), ("OPENAI_API_KEY", "{secret}"), ("ENABLE_OLLAMA_API", "false")),
        example="open-webui serve",
        notes=(
            "It keeps what it found at its first start: later, change it under Admin Panel, Settings, Connections.",
            "In a container 127.0.0.1 is the container itself: run that with --network=host.",
        ),
    ),
    Client(
        "continue",
        "Continue",
        files=(
            ConfigFile(
                CONTINUE,
                "config.yaml",
                "yaml",
                (
                    Setting(("name",), "hermes-router", is_default=True),
                    Setting(("version",), "1.0.0", is_default=True),
                    Setting(("schema",), "v1", is_default=True),
                    Setting(
                        ("models", Member("name", "hermes-router")),
                        {
                            "name": "hermes-router",
                            "provider": "openai",
                            "model": "hermes-router",
                            "apiBase": "{base}",
                            "apiKey": "${{ secrets.HERMES_ROUTER_API_KEY }}",
                            "roles": ["chat", "edit", "apply", "summarize"],
                            "capabilities": ["tool_use", "image_input"],
                        },
                    ),
                ),
            ),
            ConfigFile(CONTINUE, ".env", "env", (Setting(("HERMES_ROUTER_API_KEY",), "{key}"),)),
        ),
    ),
    Client(
        "langchain",
        "LangChain",
        environment=OPENAI,
        notes=("ChatAnthropic of langchain-anthropic wants what hr connect anthropic says.",),
        example="""\
from langchain_openai import ChatOpenAI

print(ChatOpenAI(model="hermes-router").invoke("Say hello.").content)""",
    ),
    Client(
        "pydantic-ai",
        "Pydantic AI",
        environment=OPENAI,
        example="""\
from pydantic_ai import Agent

print(Agent("openai-chat:hermes-router").run_sync("Say hello.").output)""",
    ),
    Client(
        "ai-sdk",
        "Vercel AI SDK",
        environment=(("HERMES_ROUTER_URL", "{base}"), ("HERMES_ROUTER_API_KEY", "{secret}")),
        example="""\
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText } from 'ai';

const router = createOpenAICompatible({
  name: 'hermes-router',
  baseURL: process.env.HERMES_ROUTER_URL,
  apiKey: process.env.HERMES_ROUTER_API_KEY,
  includeUsage: true,
});
const { text } = await generateText({ model: router('hermes-router'), prompt: 'Say hello.' });
console.log(text);""",
    ),
    Client(
        "curl",
        "curl",
        environment=OPENAI,
        example="""\
printf 'Authorization: Bearer %s' "$OPENAI_API_KEY" | curl -sS "$OPENAI_BASE_URL/chat/completions" -H @- \\
  -H 'Content-Type: application/json' \\
  -d '{"model": "hermes-router", "messages": [{"role": "user", "content": "Say hello."}]}'""",
        notes=("The key goes by way of a pipe: arguments can be read by everybody on the machine.",),
    ),
)


def known_client(name: str) -> Client | None:
    return next((one for one in CLIENTS if one.name == name), None)
