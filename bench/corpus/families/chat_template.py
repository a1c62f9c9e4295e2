"""Chat templates in a repository's files: tokenizer_config.json, chat_template.json and .jinja."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.corpus import templates
from bench.corpus.unit import Family, Unit

CHAT = Family("chat_template", "transformers apply_chat_template, jinja2 users")


def tokenizer_config(template: object) -> dict[str, object]:
    return {
        "add_bos_token": True,
        "bos_token": "<s>",
        "eos_token": "</s>",
        "chat_template": template,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 4096,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }


def _files(index: int, template: str) -> dict[str, object]:
    match index % 3:
        case 0:
            return {"tokenizer_config.json": tokenizer_config(template)}
        case 1:
            return {"chat_template.jinja": template}
        case _:
            return {"chat_template.json": {"chat_template": template}}


def units(rng: random.Random) -> Iterator[Unit]:
    del rng
    for index, (variant, text) in enumerate(templates.ESCAPES.items()):
        whole = text if index % 2 else templates.HEAD + text + templates.TAIL
        yield CHAT.bad(
            "template-escape", variant, _files(index, whole), payload="runs a command when rendered"
        )
    for index, (variant, text) in enumerate(templates.INJECTIONS.items()):
        yield CHAT.bad(
            "hidden-instruction",
            variant,
            _files(index, text),
            payload="adds instructions",
            expect="suspicious",
        )
    for index, (variant, text) in enumerate(templates.RESOURCE.items()):
        yield CHAT.bad(
            "template-bomb",
            variant,
            _files(index, text),
            payload="exhausts time or memory",
            expect="suspicious",
        )
    pairs = [
        {"name": "default", "template": templates.HONEST["chatml"]},
        {"name": "tool_use", "template": templates.ESCAPES["lipsum"]},
    ]
    files = {"tokenizer_config.json": tokenizer_config(pairs)}
    yield CHAT.bad(
        "template-escape", "second-of-list", files, payload="runs a command when rendered"
    )
    files = {"chat_template.json": {"chat_template": {"rag": templates.ESCAPES["attr-join"]}}}
    yield CHAT.bad("template-escape", "in-mapping", files, payload="runs a command when rendered")
    files = {
        "processor_config.json": {
            "processor_class": "P",
            "chat_template": templates.ESCAPES["cycler"],
        }
    }
    yield CHAT.bad("template-escape", "processor", files, payload="runs a command when rendered")
    extra = {
        "chat_template.jinja": templates.HONEST["chatml"],
        "additional_chat_templates/tool_use.jinja": templates.ESCAPES["dict-keys"],
    }
    yield CHAT.bad(
        "template-escape", "additional-file", extra, payload="runs a command when rendered"
    )
    for index, (variant, text) in enumerate(templates.HONEST.items()):
        yield CHAT.good("template", variant, _files(index, text))
        yield CHAT.good("template-second-form", variant, _files(index + 1, text))
    pairs[1] = {"name": "tool_use", "template": templates.HONEST["tools"]}
    yield CHAT.good("template", "list", {"tokenizer_config.json": tokenizer_config(pairs)})
