"""Whether a certificate has been revoked: CRL, OCSP and stapled answers."""
