"""Sites for transcripts.py: cf files written by hand, as they were before .mc files were the rule.

Every level from 1 to 10, vendor codes, one-letter options, numbered rulesets, class files and programs, and a
fair share of mistakes. `generate(random, folder)` gives the text; the same random.Random gives the same cf.
"""

VERSIONS = ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8", "V8/Berkeley", "V9/Berkeley", "V10/Berkeley", "V10/Berkeley",
            "V10/Berkeley", "V9", "V10", "V10/Sun", "V7/Sun", "V5/HP", "V8/Foo", "V6/berkeley", "V11/Berkeley", "V0", "V", "Vx", "V10 /Berkeley",
            "V10/Berkeley # words"]
# one-letter options of old, fair values and foul ones
LETTERS = ["OA@DIR@/aliases", "OAhash:@DIR@/aliases", "OaTrue", "Oa10", "OB.", "OB", "OB_", "Obtrue", "Ob10/1000", "OC10", "OCx", "Oc", "OcTrue",
           "ODTrue", "Od", "Odb", "Odi", "Odq", "Odd", "Odz", "OE/nosuch", "OE@DIR@/names", "Oep", "Oem", "Oeq", "Oew", "Oex", "Oe", "OF0600",
           "OF644", "OFx", "Of", "OfFalse", "OG", "OG2", "Og1", "Ogdaemon", "Ognosuch", "OH@DIR@/help", "Oh25", "Oh", "OI", "OITrue", "OI +DNSRCH",
           "OI -DEFNAMES", "OI ?X", "Oi", "OiTrue", "OJ/tmp", "OJ", "Oj", "OKnosuch", "Ok2", "OK", "Okx", "OL9", "OL15", "OLx", "Ol", "Om", "OmTrue",
           "OMXtext", "OM{LongOne}text", "OMw", "On", "OnFalse", "OO", "OOPort=25", "OOPort=nosuch", "Oo", "OoTrue", "OoFalse", "Oopt", "OPpostmaster",
           "OP", "Opauthwarnings", "Opgoaway", "Opneedmailhelo,nosuch", "OQ@DIR@", "OQ", "Oq600000", "Or30m", "Or", "Orx", "Orident=0", "Orident=5s,mail=2m",
           "ORTrue", "OS@DIR@/status", "Os", "OsTrue", "OT3d", "OT5d/4h", "OT", "OTx", "Ot", "OtPST", "OtPST8PDT,M3.2", "OU", "OU@DIR@/udb", "Ou1", "Oudaemon",
           "Ou1:1", "Ounosuch", "OVfallback.example", "Ov", "OvTrue", "Ow", "OwTrue", "Ox8", "OX12", "Oxy", "OY", "Oy1000", "Oz1800", "OZ90000", "O8", "O8pass8", "O8mimefy",
           "O8strict", "O8q", "O9", "O7", "O7True", "O%", "O", "O ", "Ol30", "OLeft", "O LogLevel=9", "O LogLevel 9", "O loglevel=9", "O LogL=9", "O NoSuch=1", "O =1",
           "O BlankSub=.", "O MaxHopCount=17", "O AliasWait=5m", "O ColonOkInAddr", "O ColonOkInAddr=False", "O OperatorChars=.:%@!^/[]+", "O OperatorChars=.:@",
           "O UnixFromLine=From $g $d", "O PrivacyOptions=authwarnings,novrfy", "O Timeout.ident=0", "O Timeout.nosuch=1", "O Timeout.queuereturn=5d", "O Timeout=1", "O SmtpGreetingMessage=$j",
           "O MustQuoteChars=.", "O MustQuoteChars=", "O DontProbeInterfaces=True", "O UseErrorsTo", "O SevenBitInput=yes", "O EightBitMode=x", "O DefaultUser=1:1", "O DefaultUser=nosuch",
           "O HelpFile=@DIR@/help", "O DoubleBounceAddress=", "O DeliveryMode=background", "O QueueFactor=x", "O MaxRecipientsPerMessage=-1", "O Timeout.hoststatus=x",
           "O DontBlameSendmail=GroupWritableDirPathSafe", "O DontBlameSendmail=Nonsense", "O TrustedUser=nosuch", "O RunAsUser=nosuch", "O MaxAliasRecursion=3", "O AllowBogusHELO"]
TEXTS = ["text", "", " lead", "two words", "$w", "$m.$w", "$j", "$?x yes $| no $.", "$?{nosuch}a$|b$.", "$X", "${Long}", "$$", "$%", "\\$x", "\"quoted $w\"", "$1", "$*", "$=w", "$(x y$)", "$[h$]", "$&w", "$",
         "${", "${unended", "a\\tb", "a,b;c", "%s", "$?w$w$.", "$?w$?m$m$.$."]
CLASS_WORDS = ["a", "b", "example.com", "host", "$w", "$=w", "two.words here", "\"quoted\"", "UPPER", "[10.1.2.3]", "x@y", "$X", "$m", "a-b", "UUCP", "(c)", "word,word"]
FILES = ["@DIR@/names", "-o @DIR@/names", "-o /nosuch", "/nosuch", "@DIR@/words %[^,]", "@DIR@/words %[^#\\n]", "@DIR@/words %s", "@DIR@/words %*s%s", "|/bin/echo one two", "|/bin/echo\tone\ttwo", "|nosuch", "|/nosuch/prog",
         "@DIR@", "names", "", "@DIR@/words  %[^:]:%*s", "@DIR@/none", "|/bin/false", "@hash:@DIR@/aliases", "info@hash:@DIR@/aliases", "@DIR@/dangerous"]
MAPS = ["hash -o @DIR@/access", "hash @DIR@/access", "hash -a. -f @DIR@/mailertable", "hash -m @DIR@/virtusertable", "hash -T<TMP> @DIR@/nosuch", "text -z: -k0 -v2 @DIR@/passwd", "text @DIR@/words", "text -o /nosuch", "btree @DIR@/access",
        "regex -a@MATCH ^[a-z]+$", "regex -s1,2 (.*)@(.*)", "regex (", "regex -n -a.no x", "dequote", "dequote -s.", "dequote -a.x", "macro", "arith", "null", "user", "user -vgecos", "user -v shell", "sequence m1 m2", "sequence nosuch", "switch nosuch",
        "implicit @DIR@/aliases", "stab @DIR@/aliases", "stab -o /nosuch", "program /bin/echo", "program @DIR@/prog", "arpa", "bestmx", "bestmx -z:", "dns -R A", "dns", "host", "host -a.", "syslog -LLOG_DEBUG", "nosuch x", "", "hash", "dbm @DIR@/access", "nis x", "-q hash x",
        "text -q -z, @DIR@/words", "hash -A -N @DIR@/access", "hash -O -t @DIR@/access", "hash -D @DIR@/access", "hash -q @DIR@/access", "hash -S_ @DIR@/access", "hash -X @DIR@/access"]
HEADERS = ["H?P?Return-Path: $g", "H?D?Date: $a", "HReceived: $?sfrom $s $.by $j ($v)\n\tid $i; $b", "H?x?Full-Name: $x", "HSubject:", "HX-Check: $>Check", "HX-Check: $>+9", "H*: $>Default", "HX-None: $>", "HNoColon", "H?l?To: ", "HTo: $>3", "H?ABC", "H", "H: x",
           "H?${Long}?X: y", "HX-Cond: $?x$x$.", "HFrom: $>4"]
MAILERS = ["Mlocal, P=/bin/true, F=lsDFMAw5:/|@rmn, S=10, R=20, A=mail -d $u", "Mprog, P=/bin/sh, F=lsDFMeu, S=10, R=20, A=sh -c $u", "Msmtp, P=[IPC], F=mDFMueXLC, S=11, R=21, E=\\r\\n, L=990, A=IPC $h", "Mesmtp, P=[IPC], F=mDFMuXa, S=11, R=21/31, A=TCP $h",
           "Mrelay, P=[TCP], F=mDFMueXLC, A=TCP $h", "Muucp, P=/bin/true, F=DFMhuUd, S=12, R=22, M=100000, A=uux - -r -a$g $h!rmail ($u)", "Mx, P=/bin/true, A=x, U=daemon:daemon", "Mx, P=/bin/true, A=x, U=nosuch", "Mx, P=/bin/true, A=x, U=root:nosuchgrp99",
           "Mx, P=/bin/true, F=@%, S=Named/4, R=Other, A=x", "Mnopath, A=x", "Mnoargs, P=/bin/true", "Mbad, P=/bin/true, Z=5, A=x", "M", "M,", "Mequal, P", "Mmany, P=/bin/true, F=l, L=0, N=5, W=1m, m=3, r=7, C=iso-8859-1, T=DNS/RFC822/X-Unix, D=/tmp, A=x y z",
           "Mlate, P=/bin/true, S=1000, A=x", "Mfile2, P=[FILE], F=l, A=FILE $u", "Mx25, P=[IPC], F=l, A=IPC $h 26", "*include*, P=/dev/null, A=x", "Mlocal, P=/bin/false, A=second"]
OTHERS = ["Troot daemon", "Ttrusted $w", "T", "Pfirst-class=0", "Pspecial-delivery=100", "Pjunk=-100", "Pnonumber", "P=5", "EFOO=bar", "EPATH", "E", "Xbad, S=nosuch", "Zunknown line", "; odd", "*", "U", "Lx", "(comment)", "\tcontinuation", "Qslow, P=@DIR@", "Q", "Gx", "+x", "DW",
          "#plain comment", "", "   ", "\f", "V", "V10/Berkeley", "V3"]
LEFT = ["$*", "$+", "$-", "$=w", "$=X", "$~X", "$={Long}", "$@", "<", ">", "@", ".", "!", "a", "user", "host", "%", ":", "\"q\"", "$&X", "$&{Long}", "$|", "$=m", "local", "(c)", "$#", "[", "]", "$w", "$m", ";", ","]
RIGHT = ["$1", "$2", "$3", "$1", "$2", "<", ">", "@", ".", "!", "x", "$w", "$m", "$j", "$&X", "$&{Long}", "$&f", "$9", "%", "\"q q\"", "$|", "$4", "text", "$?X yes $| no $.", "$X", "[", "]"]
CALLS = ["$>3 $1", "$>9 $1", "$>Named $1 $2", "$>$1 $2", "$>7 x $>8 y", "$[ $1 $]", "$[ $1 $: none $]", "$( m1 $1 $)", "$( m1 $1 $: dflt $)", "$( m2 $1 $@ one $@ two $: $1 $)", "$( m3 a $: b $)", "$( nosuch $1 $)", "$( m$1 x $)", "$( dequote $1 $)", "$( m4 {Long} $@ $1 $)", "$( arith + $@ 1 $@ 2 $)",
         "$( m5 $1 $: $( m1 $1 $) $)", "$>NoSuch $1", "$>", "$(", "$( m1", "$[ $1", "$>3", "$>3 $( m1 $1 $)", "$( $1 $)"]
TRIPLES = ["$#local $: $1", "$#smtp $@ $2 $: $1", "$#error $@ 5.1.1 $: no such user", "$#error $: \"550 go away\"", "$#error $@ nohost $: $1", "$#nosuch $: x", "$#local", "$#smtp $: $1", "$#error $@ 4.3.0 $: 450 later", "$#uucp $@ $1 $: $2", "$#discard $: x", "$#prog $: $1", "$#esmtp $@ [10.1.2.3] $: $1 < @ $2 >"]
RULESETS = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "20", "21", "99", "Named", "Other=12", "Check", "Default", "Named=30", "Third", "check_mail", "check_rcpt", "5", "S3", "100", "-1", "1000", "", "a b", "9=Nine", "$X", "Name-With", "_x", "12abc", "Third=30"]


def left_side(chance):
    return chance.choice(["", "", " "]).join(chance.choice(LEFT) if chance.random() < 0.7 else "$*" for _ in range(chance.choice([1, 1, 2, 2, 3, 3, 4, 5, 7])))


def right_side(chance):
    draw = chance.random()
    if draw < 0.15:
        return chance.choice(TRIPLES)
    words = [chance.choice(CALLS) if chance.random() < 0.2 else chance.choice(RIGHT) for _ in range(chance.choice([0, 1, 1, 2, 3, 4, 6]))]
    return chance.choice(["", "", "$:", "$:", "$@", "$@ ", "$: "]) + chance.choice(["", " ", " "]).join(words)


def rule(chance):
    gap = chance.choice(["\t"] * 9 + ["\t\t", "\t\t\t", " ", ""])
    comment = chance.choice([""] * 5 + ["\tcomment", "\t\tmore words $1 ("])
    return "R" + left_side(chance) + gap + right_side(chance) + comment


def ruleset(chance):
    lines = ["S" + chance.choice(RULESETS) + chance.choice(["", "", "", " ", "\t# words", " words"])]
    for _ in range(chance.choice([0, 1, 2, 3, 5, 8])):
        lines.append(rule(chance))
        if chance.random() < 0.03:
            lines.append(chance.choice(["\t$1 continued", " more", "# comment", "", "R", "R$*", "R\t$1", "Rword", "R$*\t$1\\"]))
    return lines


def declarations(chance):
    """D, C, F, O, K, H, M and other lines, in any order."""
    pick = chance.choice
    lines = ["Dwtest", "Dmexample.com", "Dj$w.$m", "O DontProbeInterfaces=True", "DXvalue of X", "D{Long}long value", "CX one two three.example", "C{Long} l1 l2", "Cw localhost"]
    names = ["X", "Y", "Z", "w", "m", "{Long}", "{Other}", "q", "o", "l", "e", "n", "A", "{a b}", "", "{}", "1", "$", "{TooLongNameForAMacroOfSendmailAsItIsTold}"]
    lines += ["D" + pick(names) + pick(TEXTS) for _ in range(pick([0, 2, 5, 9]))]
    lines += ["C" + pick(names) + pick(["", " "]) + " ".join(pick(CLASS_WORDS) for _ in range(pick([0, 1, 2, 5]))) for _ in range(pick([0, 2, 4]))]
    lines += ["F" + pick(names[:9]) + pick(FILES) for _ in range(pick([0, 1, 3]))]
    lines += [pick(LETTERS) for _ in range(pick([0, 3, 8, 15]))]
    lines += [f"Km{number} {pick(MAPS)}" for number in (1, 2, 3, 5) if chance.random() < 0.8]
    lines += ["Km4 macro", "Karith arith", "Kdequote dequote"]
    lines += ["K" + pick(["m6", "m7", "", "a-b", "m1"]) + " " + pick(MAPS) for _ in range(pick([0, 0, 1, 2]))]
    lines += [pick(HEADERS) for _ in range(pick([0, 2, 5]))]
    lines += [pick(OTHERS) for _ in range(pick([0, 1, 3]))]
    lines += MAILERS[:3] if chance.random() < 0.8 else []
    lines += [pick(MAILERS) for _ in range(pick([0, 1, 3, 6]))]
    if chance.random() < 0.4:
        chance.shuffle(lines)
    return lines


def generate(chance, folder):
    """The text of a cf whose files are in `folder`."""
    lines = [chance.choice(VERSIONS)] if chance.random() < 0.9 else []
    lines += declarations(chance)
    for _ in range(chance.choice([3, 6, 10])):
        lines += ruleset(chance)
    if chance.random() < 0.5:
        lines += ["S3", "R$*\t$: $1", "S0", "R$* @ $*\t$#smtp $@ $2 $: $1 @ $2", "R$*\t$#local $: $1"]
    if chance.random() < 0.2:
        lines += declarations(chance)[9:]
    end = chance.choice(["\n"] * 9 + [""])
    return "\n".join(lines).replace("@DIR@", folder) + end


def files(folder):
    """What the cf files name, beside the maps."""
    for name, text, mode in (
            ("words", "# comment\none:1 two,2\n three\nfour five # six\n\nseven\n", 0o644),
            ("passwd", "root:x:0:0:Root:/root:/bin/sh\nuser:x:100:1:A User:/home:/bin/sh\n", 0o644),
            ("help", "#vers 2\nbt\thelp for test mode of $j\nbt\tmore\nhelo\tHELO\n", 0o644),
            ("prog", "#!/bin/sh\ncase $1 in user) exit 75;; root) exit 0;; *) echo \"[$*]\";; esac\n", 0o755),
            ("dangerous", "danger\n", 0o666)):
        (folder / name).write_text(text)
        (folder / name).chmod(mode)
