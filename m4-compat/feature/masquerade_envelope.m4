divert(-1)
dnl # FEATURE(masquerade_envelope): the envelope sender is masqueraded as the header is.
dnl # Example: FEATURE(`masquerade_envelope')
define(`_MASQUERADE_ENVELOPE_', `')
divert(0)dnl
VERSIONID(`feature masquerade_envelope')
