"""Policy: rules over facts about a release, and the decisions they lead to.

A rule is one typed CEL expression over the flat facts record `assay.facts/1`. Whatever cannot be
established or evaluated counts against the release.
"""
