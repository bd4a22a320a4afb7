"""The labels of the text that is pasted into a mail, in Swedish and English."""

from __future__ import annotations

from monitor.model.text import Text


def _t(sv: str, en: str) -> Text:
    return Text(sv=sv, en=en)


TITLE = _t("Underlag för felanmälan", "Evidence for a fault report")
WHEN = _t("Tidpunkt", "Time")
SINCE = _t("Pågått sedan", "Since")
SERVICE = _t("Tjänst", "Service")
ENVIRONMENT = _t("Testmiljö", "Test environment")
CHANGE = _t("Ändring", "Change")
PLANNED = _t("planerat", "planned")
WINDOW = _t("Servicefönster", "Service window")
REASON = _t("Orsak", "Reason")
CAUSE = _t("Ansvar", "Responsibility")
ID = _t("Id", "Id")
SUMMARY = _t("Sammanfattning", "Summary")
REQUEST = _t("Förfrågan", "Request")
ANSWER = _t("Svar", "Answer")
NO_ANSWER = _t("Inget svar.", "No answer.")
CONNECTION = _t("Anslutning", "Connection")
RESOLVED = _t("Namnet gav", "The name led to")
CONNECTED = _t("Ansluten till", "Connected to")
PHASES = _t("Tider", "Times")
DURATION = _t("totalt", "in all")
DETAIL = _t("Iakttagelse", "Observed")
MEASURED = _t("Mätt", "Measured")
HEADERS_LEFT_OUT = _t("(fler rubriker utelämnade)", "(more headers left out)")
BODY = _t("Början av innehållet", "Beginning of the body")
BODY_BYTES = _t("byte i allt", "bytes in all")
DATA = _t("data, inte text; i base64:", "data, not text; in base64:")
GOES_ON = _t("(innehållet fortsätter)", "(the body goes on)")
REDIRECTED = _t("Svaret kom från", "Answered by")
TLS = _t("TLS och certifikat", "TLS and certificates")
VERIFIED = _t("verifierat", "verified")
NOT_VERIFIED = _t("inte verifierat", "not verified")
CERTIFICATE = _t("Certifikat", "Certificate")
OUR_CERTIFICATE = _t("Vårt klientcertifikat", "Our client certificate")
ISSUER = _t("utfärdare", "issuer")
SERIAL = _t("serienummer", "serial number")
VALID = _t("giltigt", "valid")
NAMES = _t("namn", "names")
SHA256 = _t("SHA-256", "SHA-256")
MORE = _t("(fler utelämnade)", "(more left out)")
RULE = _t("Regel", "Rule")
DNS = _t("Svar från namnservern", "The name server's answer")
ADDRESSES = _t("Adresser", "Addresses")
RECENT = _t("Senaste mätningarna, äldst först", "The newest measurements, oldest first")
ABOUT = _t("Om mätningen", "About the measurement")
CHECK = _t("Kontroll", "Check")
LOCATION = _t("Mätplats", "Measured from")
CLOCK = _t(
    "Alla tider är lokala ({zone}) enligt övervakningens klocka.",
    "All times are local ({zone}), by the monitor's clock.",
)
MASKED = _t(
    "*** står för en hemlighet som inte visas.", "*** stands for a secret that is not shown."
)
PROXY = _t("Genom proxyn", "Through the proxy")
REQUEST_BODY = _t("Innehåll", "Body")
BYTES = _t("byte", "bytes")
FROM_FILE = _t("ur filen", "from the file")
CA_FILE = _t("Betrodda utfärdare ur filen", "Trusted authorities from the file")
SERVER_NAME = _t("TLS-namn", "TLS name")
VERSIONS = _t("TLS-versioner", "TLS versions")
UNVERIFIED = _t("Certifikatet verifieras inte.", "The certificate is not verified.")

GRADES = {
    "good": _t("bra", "good"),
    "degraded": _t("anmärkning", "degraded"),
    "failed": _t("misslyckad", "failed"),
}
PHASE_NAMES = {
    "resolve": _t("namnuppslagning", "name resolution"),
    "connect": _t("anslutning", "connect"),
    "tls": _t("TLS", "TLS"),
    "processing": _t("väntan på svar", "waiting for the answer"),
    "transfer": _t("överföring", "transfer"),
}
RULES = {
    "red_after": _t(
        "röd när {threshold} mätningar i rad misslyckas", "red when {threshold} in a row fail"
    ),
    "yellow_after": _t(
        "gul när {threshold} i rad misslyckas", "yellow when {threshold} in a row fail"
    ),
    "degraded_after": _t(
        "gul när {threshold} i rad får anmärkning eller misslyckas",
        "yellow when {threshold} in a row are degraded or fail",
    ),
    "window": _t(
        "när andelen misslyckade når {threshold}",
        "when the share of failed ones reaches {threshold}",
    ),
}
COUNTED = _t(
    "{consecutive} i rad, {failed} av {of} misslyckade",
    "{consecutive} in a row, {failed} of {of} failed",
)
