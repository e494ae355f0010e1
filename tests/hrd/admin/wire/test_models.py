"""The shapes of models."""

import msgspec

from hrd.admin.wire.models import EmbeddingPair, ModelRow, Models, ModelsChange, ModelsChanged, ProviderModels
from tests.hrd.admin.wire.shapes import shape_of


def test_the_shapes() -> None:
    row = ModelRow(name="llama", place=1, cost_class="free", tools=True)
    models = Models(
        now=9.0,
        providers=(ProviderModels(provider="groq", source="catalogue", models=(row,)),),
        embeddings=EmbeddingPair(provider="gemini", model="gemini-embedding", since=3.0),
    )
    assert shape_of(models) == {
        "now": 9.0,
        "providers": [
            {
                "provider": "groq",
                "source": "catalogue",
                "models": [
                    {
                        "name": "llama",
                        "place": 1,
                        "class": "free",
                        "context": None,
                        "tools": True,
                        "vision": None,
                        "reasoning": None,
                        "reason": "",
                        "until": None,
                    }
                ],
                "embed_model": "",
                "discovered_at": None,
            }
        ],
        "embeddings": {"provider": "gemini", "model": "gemini-embedding", "since": 3.0},
    }
    assert msgspec.json.encode(ModelsChange(provider="groq", models=("a", "b"))) == b'{"provider":"groq","models":["a","b"]}'
    changed = ModelsChanged(provider="groq", models=("a",), source=".env")
    assert shape_of(changed) == {"provider": "groq", "models": ["a"], "source": ".env", "warnings": []}
