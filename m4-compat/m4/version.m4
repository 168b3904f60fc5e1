dnl # The version of this library. It ends up in macro Z, and so in the greeting
dnl # and in every Received: line, followed by the site's own confCF_VERSION.
define(`_LIBRARY_VERSION_', `canonify-0.1.0')
