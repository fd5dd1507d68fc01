# Verifies every DKIM signature of messages with dkimpy: key=record arguments are what
# DNS would say, all others files. For each signature a line: file, algorithm, verdict.
import sys
import dkim

records = dict(a.split("=", 1) for a in sys.argv[1:] if "=" in a)


def txt(name, timeout=5):
    return records.get(name.decode().rstrip("."), "").encode()


for path in (a for a in sys.argv[1:] if "=" not in a):
    with open(path, "rb") as file:
        raw = file.read()
    signatures = sum(1 for name, _ in dkim.DKIM(raw).headers if name.lower() == b"dkim-signature")
    for i in range(signatures):
        d = dkim.DKIM(raw)
        try:
            verdict = d.verify(idx=i, dnsfunc=txt)
        except dkim.DKIMException as fault:
            verdict = str(fault)
        algorithm = d.signature_fields.get(b"a", b"?").decode()
        print(path, algorithm, verdict, sep="\t")
