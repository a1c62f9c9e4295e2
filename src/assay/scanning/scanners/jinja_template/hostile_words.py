"""What no template of a model says: patterns over lower-case text with single spaces."""

from __future__ import annotations

import re
from collections.abc import Mapping

from assay.scanning.scanners.jinja_template.values import OTHER_MARK, USER_MARK

PLAIN = str.maketrans({"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"'})
"""Typographic quotes as typed ones."""

_OBJECT = "(?:instruction|prompt|guideline|rule|directive|message)s?|polic(?:y|ies)"
_ASIDE = (
    "all any every everything each of the your these those this that other previous previously "
    "prior earlier above preceding following former user user's system safety ethical given "
    "developer and what they was said"
)
_ASIDES = rf"(?:(?:{'|'.join(_ASIDE.split())}) ){{1,6}}"
_PLACE = "inside in within from contained embedded found that which to asking given hidden present"
_ELSEWHERE = rf"(?! (?:{'|'.join(_PLACE.split())})\b(?! (?:the )?(?:user|system|developer|human)))"
"""Guards against what documents say, which templates do have: "ignore instructions in them"."""
_HIDDEN = (
    "(?:instruction|prompt|rule|directive|message|note|link|url|trigger|backdoor|behaviou?r|"
    "change|modification|command|action|request)s?"
)
_PERSON = "(?:(?:user|human|person|customer|client)s?|people|them|anyone|anybody)"
_NEVER = "(?:do not|don'?t|never|must not|should not|not to|without)"
_TELL = (
    "(?:tell|mention|reveal|disclose|inform|notify|alert|warn|acknowledge|admit|expose|report|"
    "explain)(?:ing)?"
)
_SECRETS = (
    r"(?:passwords?|passphrases?|(?:api[ _-]?|private |secret |access |ssh )keys?|access tokens?|"
    r"credentials?|credit cards?|card numbers?|seed phrases?|environment variables?|"
    r"social security|(?:chat|conversation) history|(?:whole|entire|full) conversation|"
    r"system prompt|user(?:'s)? (?:data|input|message|question|query))"
)
_SEND = (
    "(?:sends?|upload|post|exfiltrate|transmit|forward|leak|e-?mail|submit|report|append|encode|"
    "embed|include)"
)
_HARM = (
    "(?:backdoors?|vulnerabilit(?:y|ies)|reverse shells?|malware|malicious|keyloggers?|trojans?|"
    r"exploits?|security (?:flaw|hole|bug)s?|sql injection|rce)\b"
)
_WRITE = "(?:insert|include|introduce|add|inject|embed|plant|hide|write|generate|produce)(?:s|ing)?"
_LIMITS = (
    "(?:restriction|limitation|filter|guardrail|safeguard)s?|guidelines|policies|"
    "safety (?:check|rule|measure)s?|safety training"
)

_DISREGARD = (
    rf"(?:ignor|disregard|forget|overrid|overrul|bypass|abandon)(?:e|ing|es)? {_ASIDES}(?:{_OBJECT})\b{_ELSEWHERE}",
    "(?:ignore|disregard|forget) (?:everything|anything|all) (?:above|before|you|that|the user|prior|previously|earlier)",
    rf"(?:regardless of|no matter) (?:what )?(?:the |any )?(?:{_PERSON}|request|question|instructions?)\b[^.]{{0,60}}(?:ask|say|want|request|instruct)",
    r"(?:ignore|disregard) (?:the |any |all )?(?:users?|human|question|query|request|conversation)(?:'s)?\b(?! (?:messages? )?(?:that|if|when)\b)",
    "(?:new|updated|real|actual|true|hidden|secret) (?:system )?instructions? ?:",
    r"(?:decode|decrypt|unscramble)[^.\n]{0,80}\b(?:follow|obey|execute|comply|carry out)\b",
    "(?:takes?|have|has) (?:absolute )?(?:precedence|priority) over (?:all|any|every|the user|user|anything)",
)
_CHINESE = (
    "(?:忽略|无视|忘记|不要理会)[^。\\n]{0,12}(?:指令|指示|提示|规则|要求|问题)",
    "(?:不要|不得|切勿|禁止)(?:告诉|告知|透露|提及|让)(?:用户|对方|任何人)",
)
_HIDE = (
    rf"{_NEVER} (?:ever |under any circumstances )?{_TELL} (?:to )?(?:the |any |your )?{_PERSON} (?:about|of|that|why|what) (?:the |this |these |any |your )?(?:existence of )?(?:this |these |the )?{_HIDDEN}",
    rf"without (?:the )?{_PERSON}(?:'s)? (?:knowledge|knowing|consent|noticing|awareness|reali[sz]ing)",
    r"(?:secretly|covertly|surreptitiously|stealthily) \w+",
    r"(?:silently|discreetly|quietly) (?:add|insert|include|append|encode|embed|send|collect|record|log|replace|change|alter|forward|upload)",
    rf"(?:hide|conceal|keep) (?:this|these|it|the \w+) (?:\w+ )?(?:from (?:the )?{_PERSON}|secret|hidden|confidential)",
    "(?:pretend|act as if|behave as if|as though) (?:that )?(?:nothing|everything is normal|this (?:was|is) (?:your|the))",
)
_KEEP_TO_ITSELF = (
    rf"{_NEVER} (?:ever )?{_TELL} (?:to \w+ )?(?:the |this |these |that |any |your )(?:existence of )?(?:\w+ ){{0,3}}{_HIDDEN}",
    rf"{_NEVER} (?:ever )?{_TELL} (?:it|this|that)\b(?! \w)",
)
_PASS_ON = (
    rf"{_SEND}\b[^.\n]{{0,80}}{_SECRETS}",
    rf"{_SECRETS}[^.\n]{{0,60}}\b(?:to|at|via|through|in|into) (?:https?:|http|www\.|the (?:url|server|endpoint|link|address)|an? (?:url|image|link))",
    rf"(?:ask|request|prompt|urge|convince|trick) (?:the )?{_PERSON} (?:for|to (?:enter|provide|share|give|confirm|disclose|paste|type))\b[^.\n]{{0,60}}{_SECRETS}",
    rf"(?:tell|ask|instruct|urge|convince|advise) (?:the )?{_PERSON} to (?:pay|transfer|wire|deposit|donate|install|download|disable|turn off)\b",
    rf"!\[[^\]\n]{{0,80}}\]\( ?(?:https?:)?//[^)\s]{{0,200}}?(?:[{USER_MARK}{OTHER_MARK}{{$\[<]|%7b)",
    r"< ?(?:img|iframe|script)\b[^>]{0,200}\bsrc ?=",
    rf"https?://[^\s)\"'{USER_MARK}]{{3,200}}[?&/=]{USER_MARK}",
)
_HARMFUL_CODE = (
    rf"{_WRITE} (?:an? |the |some |subtle |hidden |any |code with |this ){{0,3}}(?:\w+ ){{0,2}}{_HARM}",
    "(?:vulnerable|insecure|exploitable|backdoored) (?:code|implementations?|versions?|functions?|snippets?)",
    r"(?:curl|wget) [^\n|]{0,120}\| ?(?:sudo )?(?:ba|z|da)?sh\b",
    r"\bbash -i >&|/dev/tcp/|\bnc -e\b|powershell -(?:e|enc|w)\b|rm -rf [/~]",
    r"(?:pip3? install|npm (?:i|install)) (?:--(?:extra-)?index-url|git\+|https?:)",
)
_NO_LIMITS = (
    rf"(?:without|no|drop|remove|ignore|ignoring|bypass|disabled?|free (?:of|from)) (?:any |all |your |of |the |ethical |moral |safety |content ){{1,4}}(?:{_LIMITS})",
    r"(?:safety|content|ethical) (?:filter|guideline|guardrail|restriction|protocol|check)s? (?:is|are|have been|must be|should be) (?:\w+ )?(?:disabled|off|removed|lifted|bypassed|suspended|ignored)",
    "(?:do anything now|jailbroken|jailbreak|dan mode|developer mode (?:is )?(?:enabled|on))",
    r"(?:comply|help|answer|assist) (?:with )?(?:all|any|every) (?:\w+ ){0,3}(?:harmful|illegal|dangerous|unethical)",
)
_REASONS = {
    "tells the model to disregard what it was told": (*_DISREGARD, _CHINESE[0]),
    "tells the model to hide something": (*_HIDE, _CHINESE[1]),
    "tells the model to pass something on": _PASS_ON,
    "tells the model to write harmful code": _HARMFUL_CODE,
    "tells the model to keep its instructions to itself": _KEEP_TO_ITSELF,
    "tells the model to drop its limits": _NO_LIMITS,
}
USUAL = frozenset(
    {
        "tells the model to keep its instructions to itself",
        "tells the model to drop its limits",
    }
)
"""What some publishers tell every user's model, openly."""
HOSTILE: Mapping[str, tuple[re.Pattern[str], ...]] = {
    reason: tuple(map(re.compile, patterns)) for reason, patterns in _REASONS.items()
}
"""By what they tell the model."""

PUSHES = re.compile(
    r"\b(?:include|append|add|insert|recommend|promote|link|refer|redirect|direct|send|point|"
    r"mention|visit|click|open|go|download|fetch|load|import|curl|wget|post|use|reply|answer|"
    r"respond|end|begin|start)(?:s|ing)?\b[^.\n]{0,80}(?:https?|ftp)://"
)
"""An address the model is to pass on, or to go to."""
QUIET = re.compile(
    rf"{_NEVER} (?:ever |under any circumstances )?{_TELL} (?:to )?(?:the |any |your )?{_PERSON}\b"
)
"""What a template may say of the model's tools, but has no reason to say now and then."""
