#!/usr/bin/env python3
"""Sends messages over loopback as fast as they are taken.

usage: send.py --port PORT --to ADDRESS [--messages N] [--connections N] [--size BYTES] [--per-connection N]
"""
import argparse, smtplib, threading, time


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--to", required=True)
    parser.add_argument("--messages", type=int, default=100)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--size", type=int, default=4000)
    parser.add_argument("--per-connection", type=int, default=50)
    options = parser.parse_args()
    body = ("x" * 70 + "\r\n") * max(1, options.size // 72)
    failures = []

    def client(share):
        sent = 0
        while sent < share:
            server = smtplib.SMTP("127.0.0.1", options.port, timeout=60)
            for number in range(min(options.per_connection, share - sent)):
                try:
                    server.sendmail("sender@visitors.example", [options.to], f"Subject: number {sent}\r\n\r\n{body}")
                except smtplib.SMTPException as error:
                    failures.append(error)
                sent += 1
            server.quit()

    begin = time.monotonic()
    shares = [options.messages // options.connections] * options.connections
    shares[0] += options.messages - sum(shares)
    threads = [threading.Thread(target=client, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - begin
    print(f"{options.messages} messages in {seconds:.2f} s: {options.messages / seconds:.0f} a second, {len(failures)} failures")
    for error in failures[:3]:
        print(f"    {error}")


main()
