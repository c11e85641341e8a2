"""Personal and tax numbers of the United States, Europe and some other countries.

Every check digit is python-stdnum's. A number whose form is rare counts by its
check alone; one that looks like any other number needs words around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

from edge.routing.detect.context import Words
from edge.routing.detect.finding import Finding
from edge.routing.detect.reading import Reading


@dataclass(frozen=True, slots=True)
class _Scheme:
    """A numbering: its form as written, and the stdnum module that checks it; empty: none can."""

    kind: str
    form: re.Pattern[str]
    module: str

    def numbers(self, reading: Reading) -> Iterator[tuple[int, int]]:
        """Where numbers of this form and with the right check stand."""
        for found in self.form.finditer(reading.text):
            if not self.module or self._checks(found[0]):
                yield found.span()

    def _checks(self, number: str) -> bool:
        module = import_module(f"stdnum.{self.module}")
        return any(module.is_valid(each) for each in (number, _SEPARATOR.sub("", number)))


_SEPARATOR = re.compile(r"[\s./_\-]")


def find_abroad(reading: Reading) -> Iterator[Finding]:
    """Numbers that states give to people, and to firms for tax."""
    if not reading.numbers.row:
        return
    for scheme in _BY_FORM:
        for span in scheme.numbers(reading):
            yield reading.finding(scheme.kind, *span)
    for words, schemes in _BY_WORDS:
        if not words.stand_in(reading.low):
            continue
        for scheme in schemes:
            for span in scheme.numbers(reading):
                if reading.said_near(words, *span):
                    yield reading.finding(scheme.kind, *span)


def _form(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![0-9A-Za-z\-])(?:{text})(?![0-9A-Za-z])")


def _digits(count: int) -> re.Pattern[str]:
    """So many digits, with at most two separators between any two."""
    return re.compile(
        rf"[0-9](?<![0-9A-Za-z\-].)(?:[\s./_\-]{{0,2}}[0-9]){{{count - 1}}}(?![0-9A-Za-z])"
    )


def _personal(form: str, module: str) -> _Scheme:
    return _Scheme("national_id", _form(form), module)


# The form is rare: letters among the digits, or signs at fixed places.
_BY_FORM = (
    _Scheme("ssn", _form(r"[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}"), "us.ssn"),
    _Scheme("itin", _form(r"9[0-9]{2}-[5-9][0-9]-[0-9]{4}"), "us.itin"),
    _personal(r"[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]", "it.codicefiscale"),
    _personal(r"[XYZ]-?[0-9]{7}-?[A-Z]", "es.nie"),
    _personal(r"[0-3][0-9][01][0-9]{3}[+\-A-F][0-9]{3}[0-9A-Y]", "fi.hetu"),
    _personal(r"[0-9]{2}\.[01][0-9]\.[0-3][0-9]-[0-9]{3}\.[0-9]{2}", "be.nn"),
    _personal(r"756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}", "ch.ssn"),
    _personal(r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", "br.cpf"),
    _personal(r"[0-9]{6}-[1-8][0-9]{6}", "kr.rrn"),
    _personal(r"[12] [0-9]{2} [01][0-9] [0-9AB]{2} [0-9]{3} [0-9]{3} [0-9]{2}", "fr.nir"),
    # Britain's National Insurance number has no check, but prefixes that are never issued.
    _personal(
        r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?(?:[0-9]{2} ?){3}[A-D]", ""
    ),
)

_EU = "AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI"
_OF_DIGITS = (
    *((9, "nl.bsn"), (9, "ca.sin"), (9, "pt.nif"), (9, "au.tfn"), (10, "gb.nhs")),
    *((10, "se.personnummer"), (10, "dk.cpr"), (10, "bg.egn"), (10, "cz.rc"), (11, "de.idnr")),
    *((11, "pl.pesel"), (11, "no.fodselsnummer"), (11, "hr.oib"), (11, "be.nn")),
    *((12, "in_.aadhaar"), (13, "ro.cnp"), (15, "fr.nir")),
)

# The form is that of many a number: these count next to words that say what they are.
_BY_WORDS = (
    (
        Words("ssn", "social security", "社会安全", "社保号"),
        (_Scheme("ssn", _digits(9), "us.ssn"),),
    ),
    (
        Words("itin", "taxpayer", "tax id"),
        (_Scheme("itin", _digits(9), "us.itin"),),
    ),
    (
        Words(
            "vat", "ust-id", "ustid", "umsatzsteuer", "tva", "iva", "btw", "mwst", "增值税", "税号"
        ),
        (_Scheme("vat", _form(rf"(?:{_EU})[ .\-]?[0-9A-Z](?:[ .\-]?[0-9A-Z]){{6,12}}"), "eu.vat"),),
    ),
    (
        Words(
            *("tax id", "tin ", "tin:", "national id", "personal id", "personal number"),
            *(
                "personal code",
                "identification number",
                "steuer-id",
                "steueridentifikation",
                "idnr",
            ),
            *("sozialversicherung", "numéro de sécurité", "nir ", "nir:", "bsn", "pesel"),
            *(
                "personnummer",
                "cpr",
                "cnp",
                "dni",
                "nif",
                "pps",
                "sin ",
                "sin:",
                "social insurance",
            ),
            *("tfn", "tax file", "aadhaar", "nhs", "rodné", "rodne", "fødselsnummer", "egn", "oib"),
            *("national insurance", "rijksregister", "身份号", "税号"),
        ),
        (
            _personal(r"[0-9]{8}-?[A-HJ-NP-TV-Z]", "es.dni"),
            _personal(r"[0-9]{7}[A-W][A-IW]?", "ie.pps"),
            *(_Scheme("national_id", _digits(n), module) for n, module in _OF_DIGITS),
        ),
    ),
)
