divert(-1)
dnl # FEATURE(prefixmod, prefix, flags): a local part that begins with the prefix loses it,
dnl # and the recipient gets flags for that.
dnl #	prefix	tokens, as in the left side of a rule
dnl #	flags	what macro rcpt_flags is set to
dnl # Example: FEATURE(`prefixmod', `notify+', `N')
ifelse(defn(`_ARG_'), `', `errprint(`Feature "prefixmod" requires argument')', `define(`_PREFIX_MOD_', _ARG_)')
ifelse(len(X`'_ARG2_), `1', `errprint(`Feature "prefixmod" requires two arguments')', `define(`_PREFIX_FLAGS_', _ARG2_)')
define(`_NEED_MACRO_MAP_', `1')
divert(0)dnl
