divert(-1)
dnl # FEATURE(redirect): mail to user@new.example.REDIRECT is answered with the
dnl # new address: an alias joe: joe@new.example.REDIRECT says that joe has moved.
dnl # Example: FEATURE(`redirect')
LOCAL_RULE_0
# moved: u < @ d .REDIRECT. > tells the new address, but not while aliases are
# being rebuilt
R$* < @ $+ .REDIRECT. >	$: $1 < @ $2 .REDIRECT. > < ${opMode} >
R$* < @ $+ .REDIRECT. > < i >	$: $1 < @ $2 .REDIRECT. >
R$* < @ $+ .REDIRECT. > < $* >	$#error $@ 5.1.1 $: "551 User has moved; please try " <$1@$2>
LOCAL_CONFIG
CPREDIRECT
divert(0)dnl
VERSIONID(`feature redirect')
