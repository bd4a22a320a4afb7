"""Every reason and every cause in words.

A phrase is a clause that reads the same alone and after *eftersom* or *because*: in Swedish that
means no adverb (*inte*, *ännu*, *snart*) that would have to move in a subordinate clause.
"""

from __future__ import annotations

from monitor.model.text import Text
from probes.observation import Cause, Reason

_PHRASES = {
    Reason.DNS: Text(sv="namnuppslagningen misslyckades", en="name resolution failed"),
    Reason.CONNECT_REFUSED: Text(sv="anslutningen nekades", en="the connection was refused"),
    Reason.CONNECT_TIMEOUT: Text(
        sv="anslutningen dröjde längre än tidsgränsen", en="the connection attempt timed out"
    ),
    Reason.CONNECT_ERROR: Text(sv="anslutningen misslyckades", en="the connection failed"),
    Reason.TLS_UNTRUSTED: Text(
        sv="servercertifikatet saknar en betrodd utfärdare",
        en="the server's certificate has no trusted issuer",
    ),
    Reason.TLS_EXPIRED: Text(
        sv="servercertifikatet har gått ut", en="the server's certificate has expired"
    ),
    Reason.TLS_NOT_YET_VALID: Text(
        sv="servercertifikatet börjar gälla först senare",
        en="the server's certificate is not valid yet",
    ),
    Reason.TLS_HOSTNAME: Text(
        sv="servercertifikatet är utfärdat för ett annat namn",
        en="the server's certificate is issued for another name",
    ),
    Reason.TLS_VERSION: Text(
        sv="servern och övervakningen saknar en gemensam TLS-version",
        en="the server and the monitor have no TLS version in common",
    ),
    Reason.TLS_HANDSHAKE: Text(sv="TLS-handskakningen misslyckades", en="the TLS handshake failed"),
    Reason.TLS_REVOKED: Text(
        sv="servercertifikatet är spärrat", en="the server's certificate is revoked"
    ),
    Reason.TLS_CLIENT_REJECTED: Text(
        sv="servern avvisade vårt klientcertifikat",
        en="the server rejected our client certificate",
    ),
    Reason.TLS_WEAK: Text(
        sv="krypteringen eller certifikatets nyckel är för svag",
        en="the encryption or the certificate's key is too weak",
    ),
    Reason.TLS_ISSUER: Text(
        sv="servercertifikatet har en annan utfärdare än väntat",
        en="the server's certificate has another issuer than expected",
    ),
    Reason.TLS_CLIENT_EXPIRED: Text(
        sv="vårt eget klientcertifikat har gått ut",
        en="our own client certificate has expired",
    ),
    Reason.TIMEOUT: Text(
        sv="svaret dröjde längre än tidsgränsen",
        en="no complete answer came within the time limit",
    ),
    Reason.RESET: Text(sv="servern bröt anslutningen", en="the server broke the connection"),
    Reason.PROTOCOL: Text(sv="svaret bröt mot protokollet", en="the answer broke the protocol"),
    Reason.REDIRECTS: Text(
        sv="omdirigeringarna var för många eller felaktiga",
        en="the redirects were too many or faulty",
    ),
    Reason.TOO_LARGE: Text(sv="svaret var för stort", en="the answer was too large"),
    Reason.STATUS: Text(sv="svaret hade fel statuskod", en="the answer had the wrong status code"),
    Reason.HEADER: Text(
        sv="ett huvud i svaret avvek från det väntade",
        en="a header of the answer was not as expected",
    ),
    Reason.BODY: Text(
        sv="svarets innehåll avvek från det väntade",
        en="the content of the answer was not as expected",
    ),
    Reason.JSONPATH: Text(
        sv="ett värde i JSON-svaret avvek från det väntade",
        en="a value in the JSON answer was not as expected",
    ),
    Reason.XPATH: Text(
        sv="ett värde i XML-svaret avvek från det väntade",
        en="a value in the XML answer was not as expected",
    ),
    Reason.SOAP_FAULT: Text(
        sv="svaret innehöll ett SOAP-fel", en="the answer contained a SOAP fault"
    ),
    Reason.FHIR: Text(
        sv="FHIR-svaret avvek från det väntade", en="the FHIR answer was not as expected"
    ),
    Reason.STALE: Text(
        sv="innehållet var äldre än tillåtet", en="the content was older than allowed"
    ),
    Reason.SIZE: Text(
        sv="svarets storlek låg utanför gränserna",
        en="the size of the answer was outside the limits",
    ),
    Reason.LATENCY: Text(sv="svaret dröjde för länge", en="the answer took too long"),
    Reason.EXPIRY: Text(
        sv="certifikatets giltighetstid närmar sig sitt slut", en="the certificate expires soon"
    ),
    Reason.OAUTH2: Text(
        sv="hämtningen av åtkomstintyg misslyckades", en="fetching an access token failed"
    ),
    Reason.UNEXPECTED_SUCCESS: Text(
        sv="ett anrop som skulle ha nekats lyckades",
        en="a call that should have been refused succeeded",
    ),
    Reason.ADDRESS_CHANGED: Text(
        sv="namnet pekar på andra adresser än väntat",
        en="the name points to other addresses than expected",
    ),
    Reason.INTERNAL: Text(
        sv="ett fel inträffade i övervakningen", en="an error occurred in the monitor"
    ),
}

_REVOCATION_UNKNOWN = Text(
    sv="det är okänt om servercertifikatet är spärrat",
    en="it is unknown whether the server's certificate is revoked",
)

_WHOSE = {
    Cause.TARGET: Text(
        sv="Felet bedöms ligga hos tjänsten.", en="The fault seems to lie with the service."
    ),
    Cause.NETWORK: Text(
        sv="Felet ligger i nätet på vägen till tjänsten.",
        en="The fault lies in the network on the way to the service.",
    ),
    Cause.DEPENDENCY: Text(
        sv="Felet ligger inte hos tjänsten utan hos något annat som mätningen är beroende av.",
        en="The fault lies not with the service but with something else"
        " that the measurement depends on.",
    ),
    Cause.MONITOR: Text(
        sv="Felet ligger hos övervakningen, inte hos tjänsten.",
        en="The fault lies with the monitor, not with the service.",
    ),
}


def reason_phrase(reason: Reason, cause: Cause | None = None) -> Text:
    """A reason as a clause: ``anslutningen nekades``, ``the connection was refused``. That nobody
    could tell of a certificate's revocation (another cause than the target) is not that it is revoked.
    """
    if reason is Reason.TLS_REVOKED and cause not in (None, Cause.TARGET):
        return _REVOCATION_UNKNOWN
    return _PHRASES[reason]


def whose(cause: Cause) -> Text:
    """Whose trouble it is, as a sentence."""
    return _WHOSE[cause]
