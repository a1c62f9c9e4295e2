"""Rules about configuration."""

from __future__ import annotations

from assay.core.finding import Confidence, References, Severity
from assay.scanning.references import LOADS_CODE, TRAVERSAL
from assay.scanning.rules import Rule, table

REVIEW = (
    "Read the code the document names before the model is loaded, and load without "
    "trust_remote_code where that works."
)
_COMMANDS = References(
    ("AML.T0011.000", "AML.T0010.003"), ("T1059", "T1204"), ("CWE-78",), ("LLM03:2025",)
)

TITLE = "Configuration"
RULES = table(
    (
        Rule(
            "config.remote-code",
            "Tells the loader to run code of the repository",
            Severity.LOW,
            Confidence.HIGH,
            "The document names code beside the model that a library imports and runs when the "
            "model is loaded with trust_remote_code.",
            REVIEW,
            LOADS_CODE,
        ),
        Rule(
            "config.code-elsewhere",
            "Tells the loader to run code of another repository",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The document names code in another repository, which a library fetches and runs "
            "when the model is loaded with trust_remote_code. That code was not scanned with "
            "this model, and can change at any time.",
            "Put the code beside the model, or pin and scan the other repository.",
            LOADS_CODE,
        ),
        Rule(
            "config.trusts-code",
            "Asks for code to be trusted",
            Severity.LOW,
            Confidence.HIGH,
            "The document sets trust_remote_code, so that a program which reads it runs code of "
            "the repositories it names.",
            "Remove the key where the model loads without it.",
            LOADS_CODE,
        ),
        Rule(
            "config.import-reference",
            "Names something to import",
            Severity.LOW,
            Confidence.MEDIUM,
            "A loader imports the name that is written here and calls it. It is not one of the "
            "libraries models are made of.",
            REVIEW,
            LOADS_CODE,
        ),
        Rule(
            "config.dangerous-import",
            "Names something dangerous to import",
            Severity.HIGH,
            Confidence.HIGH,
            "A loader imports the name that is written here and calls it. The name can run code, "
            "touch files or reach the network, and no model needs it.",
            "Do not load the model with a library that acts on this key.",
            LOADS_CODE,
        ),
        Rule(
            "config.object-rebuilding",
            "An object to rebuild, as jsonpickle writes it",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Keys such as py/object and py/reduce make jsonpickle import and call what they name, "
            "just as a pickle would.",
            "Do not load the document with jsonpickle.",
            LOADS_CODE,
        ),
        Rule(
            "config.path-escape",
            "Names a file outside of the folder",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A loader opens the files an index or model description names. One of them lies "
            "outside of the model's folder, so that something else is loaded than was scanned.",
            "Do not load the model; ask its publisher for one whose files are all in it.",
            TRAVERSAL,
        ),
        Rule(
            "config.command",
            "A command in configuration",
            Severity.HIGH,
            Confidence.HIGH,
            "The document holds a command of the kind attacks are made of, under a key that an "
            "editor, a container or a build runs.",
            "Remove the command, and do not open the folder with programs that act on the file.",
            _COMMANDS,
        ),
        Rule(
            "config.preload",
            "Makes programs load something first",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A variable of the environment makes the system, a shell or an interpreter load or "
            "run what it names before any program that is started with it.",
            "Remove the variable.",
            _COMMANDS,
        ),
        Rule(
            "config.starts-by-itself",
            "A command that runs when a folder is opened",
            Severity.MEDIUM,
            Confidence.HIGH,
            "An editor or a package tool runs the command without being asked, as soon as the "
            "folder is opened or installed.",
            "Remove the command from a folder that holds a model.",
            _COMMANDS,
        ),
    )
)
