dnl # Old names: still understood, said aloud.
ifdef(`confMESSAGE_TIMEOUT', `define(`_IDX_', index(confMESSAGE_TIMEOUT, `/'))dnl
ifelse(_IDX_, `-1', `define(`confTO_QUEUERETURN', confMESSAGE_TIMEOUT)',
`define(`confTO_QUEUERETURN', substr(confMESSAGE_TIMEOUT, 0, _IDX_))dnl
define(`confTO_QUEUEWARN', substr(confMESSAGE_TIMEOUT, eval(_IDX_ + 1)))')')
