"""The pickle rules: one table, from which findings and documentation are made."""

from __future__ import annotations

from assay.core.finding import Confidence, References, Severity
from assay.scanning.rules import Rule, table

CODE = References(
    atlas=("AML.T0011.000", "AML.T0010.003", "AML.T0018.002"),
    attack=("T1204",),
    cwe=("CWE-502",),
    owasp=("LLM03:2025",),
)
EVASION = References(
    atlas=("AML.T0011.000", "AML.T0074", "AML.T0107"),
    attack=("T1204", "T1036"),
    cwe=("CWE-502", "CWE-436"),
    owasp=("LLM03:2025",),
)
_DO_NOT_LOAD = (
    "Do not load the file. Ask its publisher for weights in safetensors, or convert them with "
    "`assay convert` where nothing is executed."
)
_LOOK = (
    "Find out which program wrote the file and what the name does there. If it belongs to the "
    "model, allow it by name; otherwise do not load the file."
)

TITLE = "Pickles"
RULES = table(
    (
        Rule(
            "pickle.dangerous-import",
            "Imports what no model needs",
            Severity.CRITICAL,
            Confidence.HIGH,
            "Loading the file imports this name, which can run code, touch files or reach the "
            "network. The loader does so by itself, before the program sees the model.",
            _DO_NOT_LOAD,
            CODE,
        ),
        Rule(
            "pickle.unknown-call",
            "Calls an unknown function",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Loading the file calls a function that no known library uses to rebuild a model, "
            "with arguments the file chooses.",
            _LOOK,
            CODE,
        ),
        Rule(
            "pickle.unexpected-arguments",
            "Calls a known function in an unusual way",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The function belongs to a library's own way of rebuilding objects, but the library "
            "does not give it such arguments.",
            _LOOK,
            CODE,
        ),
        Rule(
            "pickle.unknown-class",
            "Builds an object of an unknown class",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The file builds an object of a class that is on no list, from data alone. Its own "
            "code runs when it is built, and that code is not in the file.",
            _LOOK,
            CODE,
        ),
        Rule(
            "pickle.carries-code",
            "Carries code of its own",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The file holds functions or classes with their code, as dill and cloudpickle write "
            "them, or source. What the code refers to by name is harmless; its instructions were "
            "not read. It runs when the program uses the object.",
            "Find out who wrote the file, and for what. Ask for a model whose code is in a package.",
            CODE,
        ),
        Rule(
            "pickle.unknown-import",
            "Imports an unknown name",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "Loading the file imports this name. It is not called here, but the import runs the "
            "module, and what is loaded may call it later.",
            _LOOK,
            CODE,
        ),
        Rule(
            "pickle.computed-import",
            "Imports a name computed while loading",
            Severity.HIGH,
            Confidence.HIGH,
            "The module or name that is imported is not written in the file but is the result of "
            "a call or comes from the loader. No library writes that; it hides what is imported.",
            _DO_NOT_LOAD,
            EVASION,
        ),
        Rule(
            "pickle.computed-call",
            "Calls the result of another call",
            Severity.HIGH,
            Confidence.MEDIUM,
            "What is called is not an imported name but an object made while loading. No library "
            "writes that; it hides what is called.",
            _DO_NOT_LOAD,
            EVASION,
        ),
        Rule(
            "pickle.extension-code",
            "Uses an extension code",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The file names an import by a number from a registry of the loading process. What "
            "the number stands for is not in the file, or was registered by the file itself.",
            _DO_NOT_LOAD,
            EVASION,
        ),
        Rule(
            "pickle.modifies-import",
            "Changes an imported object",
            Severity.HIGH,
            Confidence.HIGH,
            "The file sets attributes or items of an imported module, class or function, so that "
            "code elsewhere in the process behaves differently afterwards.",
            _DO_NOT_LOAD,
            EVASION,
        ),
        Rule(
            "pickle.overrides-behaviour",
            "State that replaces an object's behaviour",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The state given to an object holds attributes by which Python decides what the "
            "object does (such as __class__ or __reduce__), with a value that is not plain data.",
            _DO_NOT_LOAD,
            EVASION,
        ),
        Rule(
            "pickle.opaque-state",
            "State that could not be followed",
            Severity.MEDIUM,
            Confidence.LOW,
            "An object is given a state, or a call arguments, that were too large or too deep to "
            "follow, so they could not be checked against what the library writes.",
            _LOOK,
            CODE,
        ),
        Rule(
            "pickle.persistent-id",
            "Asks the loader for an object",
            Severity.MEDIUM,
            Confidence.LOW,
            "The file names an object that the loading program fetches from elsewhere. The id is "
            "not one of a PyTorch storage, so what it stands for depends on that program.",
            "Check which program loads the file and what its persistent_load does with the id.",
            CODE,
        ),
        Rule(
            "pickle.nested",
            "A pickle inside a pickle",
            Severity.LOW,
            Confidence.HIGH,
            "Bytes or text in the file are a pickle themselves, which acts when something loads "
            "them. What it would do is reported with the rules above.",
            "Find out why a pickle is stored in another one.",
            EVASION,
        ),
        Rule(
            "pickle.embedded-executable",
            "A program inside a pickle",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Bytes in the file begin with the header of a native program or library.",
            _DO_NOT_LOAD,
            References(
                atlas=("AML.T0018.002", "AML.T0011.000"),
                attack=("T1027",),
                cwe=("CWE-506",),
                owasp=("LLM03:2025",),
            ),
        ),
        Rule(
            "pickle.frame-mismatch",
            "A frame loaders read differently",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A frame ends inside an opcode or after the end of the pickle. Loaders disagree about "
            "what follows such a frame, and no pickler writes one.",
            _DO_NOT_LOAD,
            EVASION,
        ),
        Rule(
            "pickle.trailing-data",
            "Data after the last pickle",
            Severity.LOW,
            Confidence.HIGH,
            "Bytes follow the last pickle that are not a pickle. A loader ignores them unless "
            "the program reads on.",
            "Compare the size with what the format of the file accounts for.",
            References(atlas=("AML.T0074",), cwe=("CWE-506",)),
        ),
        Rule(
            "pickle.more-findings",
            "More findings than are listed",
            Severity.INFO,
            Confidence.HIGH,
            "The file has more findings than a report lists; the worst are listed.",
            "Raise the limit of findings per file to see them all.",
        ),
    )
)
