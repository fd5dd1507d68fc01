"""A whole merge with csv, jinja2, email and smtplib, over one connection."""
import csv, email.policy, json, resource, smtplib, ssl, sys, time
from email.message import EmailMessage
from email.utils import formataddr, formatdate, make_msgid

import jinja2

told = json.loads(sys.argv[1])
text = jinja2.Environment().from_string(told["text"])
html = jinja2.Environment(autoescape=True).from_string(told["html"])
start, before, n = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF), 0

if told["tls"]:
    context = ssl.create_default_context(cafile=told["roots"])
    s = smtplib.SMTP_SSL(told["host"], told["port"], local_hostname=told["name"], context=context)
else:
    s = smtplib.SMTP(told["host"], told["port"], local_hostname=told["name"])
with open(told["rows"], newline="", encoding="utf-8") as rows:
    for row in csv.DictReader(rows):
        data = dict(row, offers=told["offers"])
        m = EmailMessage(policy=email.policy.SMTP)
        m["From"] = "Bank <sender@example.com>"
        m["To"] = formataddr((row["name"], row["email"]))
        m["Subject"] = "Rates of " + row["month"] + " – été"
        m["Date"], m["Message-ID"] = formatdate(), make_msgid(domain="example.com")
        m.set_content(text.render(data), cte="quoted-printable")
        m.add_alternative(html.render(data), subtype="html", cte="quoted-printable")
        s.sendmail("sender@example.com", row["email"], m.as_bytes())
        n += 1
s.quit()

seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
print(json.dumps(dict(what="python", messages=n, seconds=seconds, cpu=user + system, system=system, max_rss=after.ru_maxrss)))
