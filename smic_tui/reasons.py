"""What the system and libraries say of an error, in words of the catalogue.

They say it in English: the system's errors, the reader of TOML, that of JSON, OpenSSL, the
regular expressions. What is not known here stays as it is.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from functools import lru_cache

from smic_tui.phrases import N_

# No library says more; a longer text is somebody's data.
_LONGEST = 500

_SYSTEM = {
    errno.EACCES: N_("access denied"),
    errno.EPERM: N_("not permitted"),
    errno.ENOENT: N_("not found"),
    errno.EISDIR: N_("it is a folder"),
    errno.ENOTDIR: N_("it is not a folder"),
    errno.EEXIST: N_("it is there already"),
    errno.ELOOP: N_("too many links"),
    errno.ENAMETOOLONG: N_("the name is too long"),
    errno.ENOSPC: N_("the disk is full"),
    errno.EDQUOT: N_("the quota of the disk is used up"),
    errno.EFBIG: N_("the file is too large"),
    errno.EROFS: N_("the file system is read-only"),
    errno.EIO: N_("the disk or share does not answer properly"),
    errno.EBUSY: N_("it is in use"),
    errno.EMFILE: N_("too many files are open"),
    errno.ENOEXEC: N_("it cannot be executed"),
    errno.EPIPE: N_("the line is closed"),
    errno.ECONNREFUSED: N_("connection refused"),
    errno.ECONNRESET: N_("the connection was cut"),
    errno.ETIMEDOUT: N_("no answer in time"),
    errno.ENETUNREACH: N_("the network cannot be reached"),
    errno.EHOSTUNREACH: N_("no route to this machine"),
    errno.EADDRNOTAVAIL: N_("this address is not available"),
    errno.ESTALE: N_("the share has changed: mount it again"),
}

_KNOWN: dict[str, str] = {
    # Names
    "Name or service not known": N_("unknown name"),
    "Temporary failure in name resolution": N_("name resolution does not answer"),
    "No address associated with hostname": N_("this name has no address"),
    "nodename nor servname provided, or not known": N_("unknown name"),
    # OpenSSL, on certificates
    "self-signed certificate": N_("it is self-signed"),
    "self signed certificate": N_("it is self-signed"),
    "self-signed certificate in certificate chain": N_("it is signed by an unknown authority"),
    "unable to get local issuer certificate": N_("it is signed by an unknown authority"),
    "unable to get issuer certificate": N_("it is signed by an unknown authority"),
    "unable to verify the first certificate": N_("it is signed by an unknown authority"),
    "certificate has expired": N_("it has expired"),
    "certificate is not yet valid": N_("it is not valid yet"),
    "certificate revoked": N_("it was revoked"),
    "invalid CA certificate": N_("its authority's certificate is none of an authority"),
    "EE certificate key too weak": N_("its key is too weak"),
    "CA certificate key too weak": N_("its authority's key is too weak"),
    "CA signature digest algorithm too weak": N_("its authority's signature is too weak"),
    "Missing Authority Key Identifier": N_("it does not name the key of its authority"),
    "Missing Subject Key Identifier": N_("it does not name its key"),
    "CA cert does not include key usage extension": N_(
        "its authority's certificate does not say what it is for"
    ),
    # OpenSSL, on connections
    "WRONG_VERSION_NUMBER": N_("the server does not speak TLS there"),
    "HTTP_REQUEST": N_("the server does not speak TLS there"),
    "UNSUPPORTED_PROTOCOL": N_("the server's TLS is too old"),
    "TLSV1_ALERT_PROTOCOL_VERSION": N_("both have no version of TLS in common"),
    "SSLV3_ALERT_HANDSHAKE_FAILURE": N_("the server refuses the secure connection"),
    "HANDSHAKE_FAILURE": N_("the server refuses the secure connection"),
    "NO_SHARED_CIPHER": N_("both have no cipher in common"),
    "UNEXPECTED_EOF_WHILE_READING": N_("the server cut the connection"),
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": N_("it wants a certificate"),
    "SSLV3_ALERT_BAD_CERTIFICATE": N_("it does not accept our certificate"),
    "TLSV1_ALERT_UNKNOWN_CA": N_("it does not know the authority of our certificate"),
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": N_("it does not accept our certificate"),
    "DH_KEY_TOO_SMALL": N_("the server's key is too small"),
    "BAD_SIGNATURE": N_("a signature is wrong"),
    # TOML
    "Invalid value": N_("this is no value"),
    "Invalid statement": N_("this is no key, table or comment"),
    "Expected '=' after a key in a key/value pair": N_("an = is missing after the key"),
    "Expected newline or end of document after a statement": N_(
        "a new line is expected after the value"
    ),
    "Unterminated string": N_("a quote is never closed"),
    "Unclosed array": N_("a bracket [ is never closed"),
    "Unclosed inline table": N_("a brace { is never closed"),
    "Cannot overwrite a value": N_("this key has a value already"),
    "Expected ']' at the end of a table declaration": N_("a ] is missing after the table"),
    "Expected ']]' at the end of an array declaration": N_("]] is missing after the table"),
    "Invalid initial character for a key part": N_("this is no key"),
    "Invalid date or datetime": N_("this is no date"),
    "Invalid hex value": N_("this is no code of a character"),
    "Unescaped '\\' in a string": N_("a backslash must be doubled within double quotes"),
    # JSON
    "Input data was truncated": N_("it ends too early"),
    "invalid character": N_("an unexpected character"),
    "expected ':'": N_("a colon is missing"),
    "expected ',' or '}'": N_("a comma or a brace is missing"),
    "expected ',' or ']'": N_("a comma or a bracket is missing"),
    "trailing characters": N_("something follows the end"),
    "trailing comma in object": N_("a comma too many"),
    "trailing comma in array": N_("a comma too many"),
    "object keys must be strings": N_("a name is not in quotes"),
    "invalid number": N_("a number is wrong"),
    "invalid escape character in string": N_("a backslash must be doubled"),
    # Regular expressions
    "unterminated character set": N_("a bracket [ is never closed"),
    "missing ), unterminated subpattern": N_("a parenthesis is never closed"),
    "unbalanced parenthesis": N_("no parenthesis is open here"),
    "nothing to repeat": N_("there is nothing to repeat"),
    "multiple repeat": N_("it is repeated twice"),
    "bad escape (end of pattern)": N_("a backslash stands at the end"),
}

# What has something of the reader's in it.
_FORMS: tuple[tuple[str, str], ...] = (
    (r"(?P<said>.+) \(at line (?P<line>\d+), column (?P<column>\d+)\)",
     N_("{said} (line {line}, column {column})")),
    (r"(?P<said>.+) \(at end of document\)", N_("{said} (at the end)")),
    (r"Cannot declare (?P<key>.+) twice", N_("{key} is declared twice")),
    (r"Duplicate inline table key (?P<key>.+)", N_("{key} is there twice")),
    (r"Cannot mutate immutable namespace (?P<key>.+)", N_("{key} is complete already")),
    (r"Found invalid character (?P<char>.+)", N_("the character {char} is not allowed")),
    (r"Illegal character (?P<char>.+)", N_("the character {char} is not allowed")),
    (r"JSON is malformed: (?P<said>.+) \(byte (?P<byte>\d+)\)",
     N_("it is not JSON: {said} (byte {byte})")),
    (r"(?P<said>.+) - at `(?P<place>[^`]+)`", N_("{said} (at {place})")),
    (r"Expected `(?P<wanted>[^`]+)`, got `(?P<got>[^`]+)`",
     N_("`{wanted}` is expected, not `{got}`")),
    (r"Object missing required field `(?P<field>[^`]+)`", N_("the field `{field}` is missing")),
    (r"Object contains unknown field `(?P<field>[^`]+)`", N_("the field `{field}` is unknown")),
    (r"Invalid enum value (?P<value>.+)", N_("the value {value} is none of the known ones")),
    (r"(?:Hostname|IP address) mismatch, certificate is not valid for '(?P<name>[^']*)'\.?",
     N_("it is not valid for {name}")),
    (r"(?P<said>.+) at position (?P<place>\d+)", N_("{said} (character {place})")),
    (r"bad escape (?P<char>.+)", N_("{char} means nothing")),
)  # fmt: skip


@lru_cache
def _known() -> dict[str, str]:
    return _KNOWN | {os.strerror(number): words for number, words in _SYSTEM.items()}


@lru_cache
def _forms() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(form), words) for form, words in _FORMS)


def in_words(said: str, translate: Callable[[str], str], depth: int = 0) -> str:
    """Return what a library said as the catalogue has it, with `translate`."""
    if len(said) > _LONGEST or depth > 3:
        return said
    if (words := _known().get(said)) is not None:
        return translate(words)
    for form, message in _forms():
        found = form.fullmatch(said)
        if found is not None:
            fields = found.groupdict()
            if "said" in fields:
                fields["said"] = in_words(fields["said"], translate, depth + 1)
            return translate(message).format(**fields)
    return said
