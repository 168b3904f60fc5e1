divert(-1)
dnl # DOMAIN(generic): a sound start for a site of its own: .forward files by host
dnl # and by +detail, a bound on headers, redirect, use_cw_file, root exposed.
define(`confFORWARD_PATH', `$z/.forward.$w+$h:$z/.forward+$h:$z/.forward.$w:$z/.forward')
define(`confMAX_HEADERS_LENGTH', `32768')
FEATURE(`redirect')
FEATURE(`use_cw_file')
EXPOSED_USER(`root')
divert(0)dnl
VERSIONID(`domain generic')
