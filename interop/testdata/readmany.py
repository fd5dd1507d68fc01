# Reads folders of messages as Python's email package does: the name of a folder on
# each line of standard input, then for each NAME.eml a line NAME, TAB, what it found
# as JSON (mimetest.Want, texts as digests), and an empty line.
import email, email.headerregistry, email.policy, functools, glob, hashlib, json, os, sys

# Nothing is folded anew where an enclosed message becomes bytes again.
as_is = email.policy.SMTP.clone(refold_source="none")

# A field is parsed anew each time that anybody asks for it, the parser of messages too.
once = email.policy.default.clone(header_factory=functools.lru_cache(1000)(email.headerregistry.HeaderRegistry()))


def digest(data):
    return hashlib.sha256(data).hexdigest()


def entity(part, html, shown):
    found = {"type": part.get_content_type(), "size": 0}
    if part.is_multipart() and found["type"] != "message/rfc822":
        found["parts"] = [entity(p, html, shown) for p in part.iter_parts()]
        return found
    found["charset"] = part.get_content_charset() or ""
    found["name"] = part.get_filename() or ""
    found["disposition"] = part.get_content_disposition() or ""
    if found["type"] == "message/rfc822":
        data = part.get_payload(0).as_bytes(policy=as_is)
    else:
        data = part.get_payload(decode=True)
    found["size"], found["sha256"] = len(data), digest(data)
    if part.get_content_maintype() == "text":
        text = part.get_content()
        found["text"] = digest(text.encode("utf-8", "surrogatepass"))
        if found["type"] == "text/html":
            html.append(text)
    if part["content-id"]:
        shown.append((str(part["content-id"]).strip("<>"), found))
    return found


def mailboxes(field):
    return [{"name": a.display_name, "address": a.addr_spec} for a in field.addresses]


def read(message):
    found = {"from": mailboxes(message["from"]), "to": mailboxes(message["to"]), "subject": str(message["subject"]), "fields": {}}
    for name, value in message.items():
        if name in found["fields"]:
            value = "twice"
        if name not in ("From", "To", "Subject", "Date") and not name.startswith("Content-"):
            found["fields"][name] = str(value)
    html, shown = [], []
    found["root"] = entity(message, html, shown)
    text = "".join(html).replace("%5B", "[").replace("%5D", "]")
    for cid, part in shown:
        part["shown"] = "cid:" + cid in text
    return found


for folder in sys.stdin:
    for path in sorted(glob.glob(os.path.join(folder.rstrip("\n"), "*.eml"))):
        with open(path, "rb") as file:
            raw = file.read()
        try:
            found = read(email.message_from_bytes(raw, policy=once))
        except Exception as fault:
            found = {"fields": {"fault": repr(fault)}}
        print(os.path.basename(path)[:-4], json.dumps(found), sep="\t")
    print(flush=True)
