divert(-1)
dnl # DOMAIN(berkeley-only): what the sample domains of Berkeley read first: says
dnl # that they are samples. Sets nothing.
errprint(`*** ERROR: You are trying to use the Berkeley sample configuration')
errprint(`	files outside of the Computer Science Division at Berkeley.')
errprint(`	The configuration (.mc) files must be customized to reference')
errprint(`	domain files appropriate for your environment.')
divert(0)dnl
