"""Rules about Python code."""

from __future__ import annotations

from assay.core.finding import Confidence, References, Severity
from assay.scanning.references import DISAGREEMENT, HIDDEN_CODE, LOADS_CODE
from assay.scanning.rules import Rule, table

_OWASP = ("LLM03:2025",)
_CODE = ("AML.T0011.000", "AML.T0010.003")
_READ_IT = "Read the code before anything imports it, and ask its publisher what it is for."
_REFUSE = "Do not import or run the file. Ask its publisher for a model that needs no such code."

OBFUSCATED = References(_CODE, ("T1027", "T1140"), ("CWE-506", "CWE-94"), _OWASP)
COMMANDS = References(_CODE, ("T1059.004", "T1059.006"), ("CWE-78", "CWE-506"), _OWASP)
DROPPER = References(_CODE, ("T1105", "T1059.006"), ("CWE-494", "CWE-506"), _OWASP)
REVERSE_SHELL = References(_CODE, ("T1059.004", "T1095"), ("CWE-506",), _OWASP)
EXFILTRATION = References(
    (*_CODE, "AML.T0025"), ("T1041", "T1567", "T1552"), ("CWE-200", "CWE-506"), _OWASP
)
COLLECTION = References((*_CODE, "AML.T0025"), ("T1552.001", "T1005"), ("CWE-200",), _OWASP)
PERSISTENCE = References(_CODE, ("T1546", "T1543", "T1053"), ("CWE-506",), _OWASP)
DESTRUCTION = References(_CODE, ("T1485",), ("CWE-506",), _OWASP)
NATIVE = References(_CODE, ("T1129", "T1055"), ("CWE-829", "CWE-114"), _OWASP)
TAMPERING = References(_CODE, ("T1574", "T1562"), ("CWE-506", "CWE-913"), _OWASP)

TITLE = "Python code"
RULES = table(
    (
        Rule(
            "code.executes-decoded",
            "Runs text that was encoded",
            Severity.CRITICAL,
            Confidence.HIGH,
            "The program decodes text and runs the result as code. Honest code is written out.",
            _REFUSE,
            OBFUSCATED,
        ),
        Rule(
            "code.executes-text",
            "Runs text as code",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The program runs text that is not written in it: what it does depends on a file, on "
            "its input or on what others give it.",
            _READ_IT,
            LOADS_CODE,
        ),
        Rule(
            "code.hostile-command",
            "A command no model needs",
            Severity.CRITICAL,
            Confidence.HIGH,
            "The program starts a command of the kind attacks are made of.",
            _REFUSE,
            COMMANDS,
        ),
        Rule(
            "code.shell",
            "Starts other programs",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The program starts another one. Where that happens while a model is loaded or used, "
            "whoever loads the model runs it.",
            _READ_IT,
            COMMANDS,
        ),
        Rule(
            "code.downloads-and-runs",
            "Runs what it downloads",
            Severity.CRITICAL,
            Confidence.HIGH,
            "The program fetches something from another machine and runs it: what it does is "
            "decided there, and can change at any time.",
            _REFUSE,
            DROPPER,
        ),
        Rule(
            "code.reverse-shell",
            "Gives another machine control of this one",
            Severity.CRITICAL,
            Confidence.HIGH,
            "The program connects to another machine and lets it give commands.",
            _REFUSE,
            REVERSE_SHELL,
        ),
        Rule(
            "code.network-exfiltration",
            "Sends private data to another machine",
            Severity.HIGH,
            Confidence.HIGH,
            "What the environment, a private file or a command holds is sent over the network.",
            _REFUSE,
            EXFILTRATION,
        ),
        Rule(
            "code.network-at-load",
            "Talks to another machine when loaded",
            Severity.LOW,
            Confidence.MEDIUM,
            "Importing or loading the model reaches the network, so that somebody learns of it.",
            _READ_IT,
            EXFILTRATION,
        ),
        Rule(
            "code.private-file",
            "Reads private files",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The program reads keys, tokens, passwords or a browser's or shell's records.",
            _REFUSE,
            COLLECTION,
        ),
        Rule(
            "code.persistence",
            "Stays on the machine after it has run",
            Severity.HIGH,
            Confidence.HIGH,
            "The program writes to a place from which things are started later: a shell's or "
            "Python's start-up files, scheduled jobs, or keys that may log in.",
            _REFUSE,
            PERSISTENCE,
        ),
        Rule(
            "code.start-file",
            "Runs whenever Python starts",
            Severity.HIGH,
            Confidence.HIGH,
            "Python imports the file, or runs the line, every time it starts in an environment "
            "that holds it. No model needs that.",
            _REFUSE,
            PERSISTENCE,
        ),
        Rule(
            "code.destroys",
            "Removes or overwrites what is not its own",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The program removes a home folder, a whole disk or files of the system.",
            _REFUSE,
            DESTRUCTION,
        ),
        Rule(
            "code.unsafe-load",
            "Loads files of a kind that can run code",
            Severity.LOW,
            Confidence.MEDIUM,
            "The program loads pickles, or another format that runs code when it is loaded. It is "
            "as safe as the files it is given.",
            "Prefer safetensors, or torch.load with weights_only=True.",
            LOADS_CODE,
        ),
        Rule(
            "code.remote-code",
            "Loads code of another repository",
            Severity.LOW,
            Confidence.HIGH,
            "The program has a library fetch code from elsewhere and run it (trust_remote_code, "
            "torch.hub). That code was not scanned with this model.",
            "Pin the other repository to a commit that was scanned.",
            LOADS_CODE,
        ),
        Rule(
            "code.native-load",
            "Loads a native library",
            Severity.LOW,
            Confidence.MEDIUM,
            "The program loads or builds a library of machine code, which can do anything.",
            "Build such libraries from reviewed sources.",
            NATIVE,
        ),
        Rule(
            "code.native-memory",
            "Runs machine code from memory",
            Severity.HIGH,
            Confidence.HIGH,
            "The program puts bytes into memory that may be executed, or calls them.",
            _REFUSE,
            NATIVE,
        ),
        Rule(
            "code.patches",
            "Changes what other code relies on",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The program replaces a function of the language or a loader, or hooks into how "
            "modules are found, so that other code does something else from then on.",
            _READ_IT,
            TAMPERING,
        ),
        Rule(
            "code.obfuscated",
            "Hides what it calls",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A name that can run code or reach files or the network is put together from pieces "
            "or looked up as text. Honest code writes it out.",
            _REFUSE,
            OBFUSCATED,
        ),
        Rule(
            "code.internals",
            "Reaches the interpreter's internals",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Attributes lead from a plain value to every class and module there is: the way "
            "around what a sandbox forbids.",
            _REFUSE,
            OBFUSCATED,
        ),
        Rule(
            "code.pickle-payload",
            "Makes a pickle that runs code",
            Severity.HIGH,
            Confidence.HIGH,
            "A class says that it is rebuilt by calling something that runs code. Whoever loads "
            "a pickle of it runs that.",
            _REFUSE,
            HIDDEN_CODE,
        ),
        Rule(
            "code.hidden-unicode",
            "Characters that make code read otherwise than it runs",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The code holds characters that change the order in which it is shown, or letters "
            "of other scripts that look like ASCII ones.",
            "Look at the file in an editor that shows such characters.",
            DISAGREEMENT,
        ),
        Rule(
            "code.hidden-encoding",
            "An encoding in which code does not read as it runs",
            Severity.HIGH,
            Confidence.HIGH,
            "The file declares an encoding by which the interpreter reads other code than a "
            "person or a tool sees.",
            _REFUSE,
            DISAGREEMENT,
        ),
        Rule(
            "code.hidden-off-screen",
            "A statement far to the right",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Code stands behind so many blanks that a reader does not see it.",
            _REFUSE,
            OBFUSCATED,
        ),
        Rule(
            "code.installs",
            "Installs packages",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The program installs packages while it runs. What they do was not scanned.",
            "Install what the model needs beforehand, from reviewed requirements.",
            DROPPER,
        ),
    )
)
"""In the order of docs/checks.md."""
