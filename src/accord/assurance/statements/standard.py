"""A verdict in the words of others: a simple verification result, a SLSA verification summary.

Both say what was found, and leave out what only accord's own statement can tell: conditions,
recognition, and why not.

Source: in-toto attestation framework, Simple Verification Result 0.2; SLSA 1.0, Verification
Summary Attestation.
"""

from __future__ import annotations

import re
from typing import Final

from accord.assurance.assessing.deciding import Assessment
from accord.assurance.model import ACCEPT, CONDITIONAL, REJECT, SEPARATOR
from accord.assurance.statements import statement
from accord.assurance.statements.verdict import Release
from accord.core.errors import Invalid

SVR: Final = "https://in-toto.io/attestation/svr/v0.2"
VSA: Final = "https://slsa.dev/verification_summary/v1"
_BUILD = re.compile(r"slsa@[0-9.]+#build-l([123])\Z")
_WORD = re.compile(r"[^A-Z0-9]+")


def svr(assessment: Assessment, release: Release, at: str, verifier: str) -> bytes:
    """What was found to hold, as a simple verification result.

    Raises:
        Invalid: nothing was found to hold; such a result has no way to say so.
    """
    baseline = assessment.baseline
    prefix = f"ACCORD_{_word(baseline.name)}"
    properties = [f"{prefix}_{_word(one.need.id)}" for one in assessment.judged if one.met]
    if assessment.verdict in {ACCEPT, CONDITIONAL}:
        properties.insert(0, f"{prefix}_{_word(assessment.verdict)}")
    if not properties:
        raise Invalid(f"{baseline.name} found nothing to hold; this form states only what does")
    predicate = {
        "verifier": {"id": verifier, "policies": [{"uri": _policy(assessment)}]},
        "timeCreated": _second(at),
        "properties": properties,
    }
    return statement.write(statement.subjects(release.name, release.digests), SVR, predicate)


def vsa(assessment: Assessment, release: Release, at: str, verifier: str) -> bytes:
    """The verdict as a SLSA verification summary.

    Raises:
        Invalid: the baseline asks for no SLSA level, or nothing could be decided.
    """
    asked = [
        match
        for one in assessment.judged
        for alternatives in one.need.items
        for item in alternatives
        if (match := _BUILD.match(item))
    ]
    name = assessment.baseline.name
    if not asked:
        raise Invalid(f"{name} asks for no SLSA level; a verification summary is about one")
    if assessment.verdict not in {ACCEPT, REJECT}:
        raise Invalid(f"{name}: {assessment.verdict}; a verification summary passes or fails")
    levels = [
        int(match[1])
        for one in assessment.judged
        if not one.denials
        for support in one.supports
        if (match := _BUILD.match(support.item)) and support.level >= one.need.level
    ]
    predicate = {
        "verifier": {"id": verifier},
        "timeVerified": _second(at),
        "resourceUri": f"urn:accord:release:{release.name.replace(' ', '%20')}",
        "policy": {"uri": _policy(assessment)},
        "verificationResult": "PASSED" if assessment.verdict == ACCEPT else "FAILED",
        "verifiedLevels": [f"SLSA_BUILD_LEVEL_{max(levels)}" if levels else "SLSA_BUILD_LEVEL_0"],
        "slsaVersion": asked[0][0].partition(SEPARATOR)[0].partition("@")[2],
    }
    return statement.write(statement.subjects(release.name, release.digests), VSA, predicate)


def _word(text: str) -> str:
    return _WORD.sub("_", text.upper()).strip("_")


def _policy(assessment: Assessment) -> str:
    return f"urn:accord:baseline:{assessment.baseline.name}:{assessment.baseline.version}"


def _second(moment: str) -> str:
    return f"{moment[:19]}Z"
