divert(-1)
dnl # OSTYPE(unknown): what a .mc says that was never fitted to a system. Sets
dnl # nothing, says what is missing, and lets the cf be made.
errprint(`*** ERROR: You have not specified a valid operating system type.')
errprint(`	Use the OSTYPE macro to select a valid system type.  This')
errprint(`	is necessary in order to get the proper pathnames and flags')
errprint(`	appropriate for your environment.')
divert(0)dnl
VERSIONID(`ostype unknown')
