"""Random SMTP sessions of clients that keep to no protocol, with options that hardly any site sets.

`groups(seed, count)` draws them as session_cases.py does, whose addresses, parameters and messages they have: commands longer than their
limits, with NUL and eighth bits, in states where they are out of place, and sent on without a look at what was answered.
"""
import session_cases
from session_cases import CLIENTS, FEATURES, GREETINGS, MAIL_PARAMETERS, MODIFIERS, NOISE, RCPT_PARAMETERS, Drawer

OPTIONS = {
    "BadRcptThrottle": ["1", "2"], "BadRcptShutdown": ["1", "3"], "BadRcptShutdownGood": ["1"], "DataFileBufferSize": ["0", "100"], "XscriptFileBufferSize": ["0", "100"],
    "ConnectionCacheTimeout": ["0", "10m"], "MinFreeBlocks": ["1", "0/1500"], "TempFileMode": ["0644"], "QueueFactor": ["1000"], "CheckAliases": ["True"], "UnsafeGroupWrites": ["True"],
    "DontBlameSendmail": ["GroupWritableForwardFileSafe", "ForwardFileInUnsafeDirPathSafe,GroupWritableForwardFile,WorldWritableForwardFile", "RunWritableProgram"], "DontProbeInterfaces": ["True", "loopback"],
    "MaxQueueAge": ["1h"], "Timeout.queuereturn": ["1s", "-1s"], "Timeout.queuewarn": ["0", "1s"], "Timeout.queuereturn.urgent": ["1s"], "Timeout.queuewarn.dsn": ["0"], "Timeout.misc": ["1m"],
    "RetryFactor": ["10"], "AliasWait": ["0", "1"], "UserDatabaseSpec": ["/mnt/mail/nosuch.db"], "MaxDaemonChildren": ["30"], "DeliverByMin": ["1"], "AuthOptions": ["A"],
    "MaxNOOPCommands": ["1", "0"], "LogLevel": ["2", "9", "10", "13", "15"], "PrivacyOptions": ["needmailhelo,needexpnhelo", "noverb,noetrn", "goaway,nobodyreturn", "public"], "MaxRecipientsPerMessage": ["1", "3"],
    "SoftBounce": ["True"], "AllowBogusHELO": ["True"], "RejectNUL": ["True"], "MaxHeadersLength": ["100"], "MaxMimeHeaderLength": ["60/30"], "SmtpGreetingMessage": ["", "$j $b\\n$w"],
    "ForkEachJob": ["True"], "NiceQueueRun": ["5"], "HostsFile": ["/mnt/nosuch"], "Timeout.queuewarn.urgent": ["1s"], "Timeout.queuereturn.dsn": ["1s"],
    "Timeout.resolver.retry": ["1"], "ResolverOptions": ["+DEFNAMES", "-DNSRCH", "HasWildcardMX", "WorkAroundBrokenAAAA +STAYOPEN"], "SafeFileEnvironment": ["/mnt", "/"], "MaxQueueChildren": ["1"],
    "MaxRunnersPerQueue": ["1"], "ConnectionRateThrottle": ["100"], "RequiresDirfsync": ["False"], "UseCompressedIPv6Addresses": ["True"], "DelayLA": ["0"], "RefuseLowMem": ["1"],
    "NoRecipientAction": ["add-to"], "Timeout.hoststatus": ["0"], "Timeout.queuereturn.normal": ["1s"], "DefaultUser": ["nobody", "8:8", "alice"],
    "ErrorMode": ["p", "e", "w"], "DeliveryMode": ["i", "d", "q"], "ColonOkInAddr": ["False"], "HeloName": ["a_b", ""], "OperatorChars": [".:%@!^/[]+", ".:@[]+"]}
PLACES = ["", "", "", ",D=i", ",D=q", ",D=b", ",children=40", ",q=5,r=6,d=7", ",F=inet"]  # of DaemonPortOptions
LENGTHS = [500, 505, 509, 510, 511, 512, 513, 514, 520, 998, 1000, 1023, 1024, 1025, 2030, 2040, 2045, 2046, 2047, 2048, 2049, 2050, 2060, 4095, 4100, 9000]
BYTES = ["\0", "\0\0", "\xe9", "\xff", "\x80", "\x9f", "\x7f", "\t", "\x01", "\x1b", "\x0b", "%", "\\", "\"", "(", ")", "<", ">", ";", ",", "\xc3\xa9"]
VERBS = ["MAIL FROM:<%s@elsewhere.example>", "RCPT TO:<%s@site.example>", "RCPT TO:<x@%s.example>", "EHLO %s", "HELO %s", "NOOP %s", "VRFY %s", "EXPN %s", "HELP %s", "ETRN %s", "RSET %s", "DATA %s", "%s", "FOO %s",
         "MAIL FROM:<ann@elsewhere.example> ENVID=%s", "MAIL FROM:<ann@elsewhere.example> AUTH=%s", "RCPT TO:<alice@site.example> ORCPT=rfc822;%s", "RCPT TO:<alice@site.example> %s", "QUIT %s", "AUTH %s", "VERB %s", "BDAT %s", "STARTTLS %s"]
ORDERS = ["MAIL FROM:<ann@elsewhere.example>", "MAIL FROM:<>", "RCPT TO:<alice@site.example>", "RCPT TO:<nosuch@site.example>", "RCPT TO:<x@good.example>", "DATA", "RSET", "EHLO again.example", "HELO again.example", "VERB", "NOOP"]


class OddDrawer(Drawer):
    def long(self, form):
        """The command, so long that its line has one of the lengths."""
        return form % ("x" * max(1, self.pick(LENGTHS) - len(form) + 2 - self.pick([0, 0, 2])))

    def strange(self, form):
        """The command with something in it that no command has."""
        text = form % self.pick(["alice", "bob", "nosuch", "x.example", "10"])
        at = self.chance.randrange(len(text) + 1)
        return text[:at] + self.pick(BYTES) + text[at:]

    def odd_command(self):
        kind = self.chance.random()
        if kind < 0.3:
            return self.long(self.pick(VERBS))
        if kind < 0.6:
            return self.strange(self.pick(VERBS))
        if kind < 0.75:
            return self.pick(ORDERS)
        if kind < 0.87:
            return self.pick(ORDERS[:2]) + " " + self.pick(MAIL_PARAMETERS + RCPT_PARAMETERS)
        return self.pick(ORDERS[2:5]) + " " + self.pick(MAIL_PARAMETERS + RCPT_PARAMETERS) if self.often(0.5) else self.pick(NOISE)

    def commands(self):
        """A transaction, with what is out of place between its commands."""
        drawn = []
        for command in [self.mail(), *(self.rcpt() for _ in range(self.pick([1, 1, 2, 3])))]:
            drawn += [self.odd_command() for _ in range(self.pick([0, 0, 0, 1, 2]))]
            drawn += ["VERB"] if self.often(0.04) else []
            drawn += [command]
        return drawn

    def odd_transaction(self):
        commands = self.commands()
        if self.often(0.35):
            # nothing is waited for, not even whether the message is wanted
            return [["pipeline", commands + ["DATA", "Subject: s", "", "text", "."]]]
        if self.often(0.3):
            return [["pipeline", commands], ["message", self.message()]]
        return [["say", command] for command in commands] + ([["message", self.message()]] if self.often(0.9) else [])

    def case(self):
        steps = [["say", self.pick(GREETINGS)]] if self.often(0.9) else []
        for _ in range(self.pick([1, 1, 2])):
            steps += self.odd_transaction() + [["say", self.odd_command()] for _ in range(self.pick([0, 0, 1]))]
        return {"client": self.pick(CLIENTS), "port": 25 if self.often(0.85) else 587, "steps": steps + [["say", "QUIT"]]}

    def group(self, cases):
        options = [f"O {name}={self.pick(OPTIONS[name])}" for name in self.chance.sample(sorted(OPTIONS), self.pick([0, 1, 2, 3, 4]))]
        place = self.pick(PLACES)
        options.append(f"O DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port=25, M=A{self.pick(MODIFIERS)}{place}")
        options.append(f"O DaemonPortOptions=Name=MSA, Addr=127.0.0.1, Port=587, M=AE{self.pick(['', '', 'a', 'u', 'r'])}")
        return {"features": "" if self.often(0.6) else self.pick(FEATURES), "options": options, "arguments": [], "cases": [self.case() for _ in range(cases)]}


def groups(seed, count):
    """That many cases, in groups."""
    drawn = session_cases.numbered(lambda chance, cases: OddDrawer(chance).group(cases), seed, count, size=8)
    for group in drawn:
        group["cases"] = [session_cases.apart(case, group) for case in group["cases"]]
    return drawn
