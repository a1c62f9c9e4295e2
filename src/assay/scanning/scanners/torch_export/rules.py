"""Rules about exported programs of PyTorch, and what is compiled of them."""

from __future__ import annotations

from assay.core.finding import Confidence, Severity
from assay.scanning.references import DO_NOT_LOAD, HIDDEN_CODE, LOADS_CODE, TRAVERSAL
from assay.scanning.rules import Rule, table

RULES = table(
    (
        Rule(
            "torch-export.native-library",
            "A native library inside the package",
            Severity.HIGH,
            Confidence.HIGH,
            "The package holds a native library, which runs with all rights of whoever loads "
            "it. Those that AOTInductor compiles are one by design, and nobody can see in the "
            "file what else they do; of such a library the confidence is low.",
            "Load it only if you compiled it yourself; ask for the exported program instead.",
            HIDDEN_CODE,
        ),
        Rule(
            "torch-export.device-code",
            "Code for a graphics processor",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The package holds compiled code for a graphics processor. What it computes cannot "
            "be seen.",
            "Take it only from whom you trust, or compile it yourself.",
            HIDDEN_CODE,
        ),
        Rule(
            "torch-export.expression",
            "An expression that is no arithmetic",
            Severity.HIGH,
            Confidence.HIGH,
            "Sizes and guards of an exported program are texts that the loader evaluates as "
            "Python. This one is no arithmetic over sizes, so that it can do anything.",
            DO_NOT_LOAD,
            LOADS_CODE,
        ),
        Rule(
            "torch-export.import",
            "A structure that imports a module",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The description of the program's inputs makes the loader import a module and take a "
            "name from it.",
            "Find out what the module does when it is imported.",
            LOADS_CODE,
        ),
        Rule(
            "torch-export.operator",
            "An operator of nobody known",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The program calls an operator that neither PyTorch nor a known library has. Whoever "
            "runs it has to load code that brings it.",
            "Find out which code it is, and review it as a program.",
            LOADS_CODE,
        ),
        Rule(
            "torch-export.reaching-operator",
            "An operator that touches files or other machines",
            Severity.HIGH,
            Confidence.HIGH,
            "The program calls something that reads or writes files, talks to other processes, or "
            "is no operator at all.",
            DO_NOT_LOAD,
            LOADS_CODE,
        ),
        Rule(
            "torch-export.path",
            "A path out of the package",
            Severity.HIGH,
            Confidence.HIGH,
            "A weight or library is said to lie at a path that leads out of the package.",
            DO_NOT_LOAD,
            TRAVERSAL,
        ),
    )
)
