# Reads a message as Python's email package does and prints what it found, as
# JSON: the tree, the names, digests of the contents, and every defect.
import email, email.policy, hashlib, json, sys


def describe(part):
    found = {
        "type": part.get_content_type(),
        "name": part.get_filename() or "",
        "disposition": part.get_content_disposition() or "",
        "id": part.get("Content-ID", ""),
        "defects": [str(d) for d in part.defects]
        + [str(d) for field in part.values() for d in getattr(field, "defects", [])],
    }
    if part.is_multipart():
        found["parts"] = [describe(p) for p in part.iter_parts()]
    elif part.get_content_maintype() == "text":
        found["text"] = part.get_content()
    else:
        found["sha256"] = hashlib.sha256(part.get_content()).hexdigest()
    return found


message = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
found = describe(message)
found["headers"] = [[name, str(value)] for name, value in message.items()]
json.dump(found, sys.stdout)
